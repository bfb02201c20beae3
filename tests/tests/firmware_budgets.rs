//! What the images take, held to the budgets committed with their board, and
//! whether the figures can be trusted.

use std::fs;
use std::sync::OnceLock;

use wigwag_harness::firmware::{measure, measure_ncp};
use wigwag_tests::runner::{Outcome, Suite, tools};
use xtask::firmware::budget::{self, Budgets, Table, Verdict};
use xtask::firmware::size::{NO_CRATE, Sizes, UNNAMED};
use xtask::firmware::{Image, Variant, build, panics, size, trial};
use xtask::project;

fn main() {
    let image = &[tools::THUMB_TARGET];
    let board = &[tools::QEMU, tools::THUMB_TARGET];
    Suite::new()
        .test("flash_and_ram_are_within_their_budgets", image, || {
            weight(Image::Ngtt)
        })
        .test(
            "flash_and_ram_of_ncp_are_within_their_budgets",
            image,
            || weight(Image::Ncp),
        )
        .test("every_byte_of_flash_is_counted_once", image, counted_once)
        .test(
            "every_place_that_can_panic_is_listed_with_a_reason",
            image,
            || panics_are_listed(Image::Ngtt),
        )
        .test(
            "every_place_of_ncp_that_can_panic_is_listed_with_a_reason",
            image,
            || panics_are_listed(Image::Ncp),
        )
        .test("the_image_names_no_folder_of_this_machine", image, no_paths)
        .test(
            "stack_and_instructions_are_within_their_budgets",
            board,
            || work(Image::Ngtt),
        )
        .test(
            "stack_and_instructions_of_ncp_are_within_their_budgets",
            board,
            || work(Image::Ncp),
        )
        .run();
}

fn sizes(image: Image) -> Result<&'static Sizes, String> {
    static SIZES: [OnceLock<Result<Sizes, String>>; 2] = [const { OnceLock::new() }; 2];
    SIZES[image as usize]
        .get_or_init(|| size::read(&build(image, Variant::Silent)?))
        .as_ref()
        .map_err(Clone::clone)
}

/// What could be lower is said; what is too high fails.
fn conclude(verdict: &Verdict) -> Outcome {
    if !verdict.loose.is_empty() {
        println!("below its budget:\n{}", verdict.loose.join("\n"));
    }
    Ok(verdict.outcome()?)
}

fn weight(image: Image) -> Outcome {
    let sizes = sizes(image)?;
    let budgets = Budgets::load(image)?;
    let mut verdict = budgets.compare(Table::Size, &budget::totals(sizes));
    verdict.extend(budgets.compare(Table::Crates, &budgets.crates(sizes)));
    conclude(&verdict)
}

/// The rows by crate are the whole flash, and what they should be: the work of
/// crates that are mostly inlined is theirs, not the executor's.
fn counted_once() -> Outcome {
    let sizes = sizes(Image::Ngtt)?;
    let sum: u64 = sizes.crates.values().sum();
    if sum != sizes.flash() {
        return Err(format!("{sum} bytes by crate, {} in all", sizes.flash()).into());
    }
    let of = |name: &str| sizes.crates.get(name).copied().unwrap_or(0);
    for name in ["smoltcp", "wigwag_codec", "wigwag_embassy", "embedded_tls"] {
        if of(name) < sizes.flash() / 20 {
            return Err(format!("{name} has {} bytes only: {sizes:?}", of(name)).into());
        }
    }
    for (name, percent) in [("embassy_executor", 2), (NO_CRATE, 2), (UNNAMED, 10)] {
        if of(name) * 100 > sizes.flash() * percent {
            return Err(format!("{name} has {} bytes: {sizes:?}", of(name)).into());
        }
    }
    let statics: u64 = sizes.statics.iter().map(|(_, bytes)| bytes).sum();
    let ram = sizes.static_ram();
    if statics > ram || statics < ram * 9 / 10 {
        return Err(format!("{statics} bytes of {ram} in statics").into());
    }
    Ok(())
}

/// The lists cannot be right by accident: an image without places would be one that
/// was read wrongly.
fn panics_are_listed(image: Image) -> Outcome {
    let places = panics::read(&build(image, Variant::Silent)?)?;
    let of = |name: &str| places.keys().filter(|place| place.name == name).count();
    for name in ["smoltcp", "wigwag_embassy"] {
        if of(name) < 10 {
            return Err(format!("{name} has {} places only", of(name)).into());
        }
    }
    Ok(panics::List::load(image)?.compare(&places).outcome()?)
}

/// So that an image weighs the same on every machine.
fn no_paths() -> Outcome {
    let home = std::env::home_dir().ok_or("no home folder")?;
    let variants = [Variant::Silent, Variant::Logged];
    for (kind, variant) in Image::ALL
        .into_iter()
        .flat_map(|kind| variants.map(|it| (kind, it)))
    {
        let image = fs::read(build(kind, variant)?)?;
        for folder in [project(), home.clone()] {
            let path = folder.display().to_string();
            // The home of root in a container may be a single letter long.
            let path = format!("{}/", path.trim_end_matches('/'));
            let found = image
                .windows(path.len())
                .any(|bytes| bytes == path.as_bytes());
            if path.len() > 1 && found {
                return Err(format!("{path} is in the image {kind:?} {variant:?}").into());
            }
        }
    }
    Ok(())
}

fn work(image: Image) -> Outcome {
    let elf = build(image, Variant::Silent)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut reports = Vec::new();
    for _ in 0..trial::TRIALS {
        reports.push(match image {
            Image::Ngtt => runtime.block_on(measure(&elf))?.json(),
            Image::Ncp => runtime.block_on(measure_ncp(&elf))?.json(),
        });
    }
    let budgets = Budgets::load(image)?;
    let mut verdict = budgets.compare(Table::Stack, &trial::stack(&reports)?);
    let instructions = trial::instructions(image, &reports)?;
    verdict.extend(budgets.compare(Table::Instructions, &instructions));
    conclude(&verdict)
}
