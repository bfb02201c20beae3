//! A campaign of recordings that were damaged on the way: the worker lives through
//! all of them. `WIGWAG_CAMPAIGN_PERCENT` and `WIGWAG_SEED` as in the other campaigns.

use serde_json::json;
use wigwag_browser_tests::inputs::{packets, sample};
use wigwag_browser_tests::{Chromium, Result, Served, Setup, in_browser};
use wigwag_runner::Suite;
use wigwag_runner::tools::CHROMIUM;

/// All cases of the campaign.
const CASES: u64 = 500;

fn main() {
    Suite::new()
        .test("a_campaign_of_damaged_recordings", &[CHROMIUM], || {
            in_browser(Setup::default(), damaged)
        })
        .run();
}

/// A whole number from the environment.
fn variable(name: &str, unset: u64) -> Result<u64> {
    match std::env::var(name) {
        Ok(text) => Ok(text.parse()?),
        Err(_) => Ok(unset),
    }
}

/// Steele and Vigna's SplitMix64: a case's damage follows from its seed alone.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as usize % end.max(1)
    }
}

/// Changes, takes away, doubles or cuts off bytes in a few places.
fn damage(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len());
        let end = (at + random.below(64)).min(bytes.len());
        match random.below(4) {
            0 => bytes[at..end]
                .iter_mut()
                .for_each(|byte| *byte = random.below(256) as u8),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ if bytes.len() > 64 && random.below(3) == 0 => bytes.truncate(at.max(64)),
            _ => {}
        }
    }
    bytes
}

async fn damaged(browser: &Chromium) -> Result {
    let cases = CASES * variable("WIGWAG_CAMPAIGN_PERCENT", 10)? / 100;
    let first = variable("WIGWAG_SEED", 1)?;
    let served = Served::inspect(None, &[]).await?;
    let tab = served.open(browser).await?;
    let files = [
        sample(),
        packets("ncp_plain.pcap"),
        packets("suites_tls_secrets.pcapng"),
    ];
    for seed in first..first + cases.max(1) {
        let mut random = Random(seed);
        let file = &files[random.below(files.len())];
        let bytes = damage(std::fs::read(file)?, &mut random);
        let name = format!("seed-{seed}");
        tab.drop_file(&name, &bytes).await?;
        tab.until_read(&name)
            .await
            .map_err(|error| format!("seed {seed}: {}", error.message().unwrap_or_default()))?;
        if let Some(row) = tab.rows().await?.last() {
            tab.ask("detail", &json!({"row": row["rows"]})).await?;
        }
        let crashed: String = tab.value("watched.crashed ?? ''").await?;
        if !crashed.is_empty() {
            return Err(format!("seed {seed}: {crashed}").into());
        }
    }
    Ok(())
}
