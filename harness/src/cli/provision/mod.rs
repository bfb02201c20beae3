//! `wigwag provision OUT`: what one device has to be told, for its flash.

mod file;
mod options;
mod who;

use std::fmt::Write as _;

use clap::builder::{PossibleValue, PossibleValuesParser};
use serde_json::json;
use wigwag_embassy::settings::fingerprint;

use super::outcome::{Failure, Outcome};
use super::output::{Output as Printer, say};
use crate::firmware;
use crate::provision::{BOARDS, Board, Format};

pub(crate) use file::Output;
use options::Options;
pub(crate) use who::Who;

/// Make the settings of one device, to be written to its flash.
///
/// In them are the server, the roots that the device trusts, its certificate and
/// its private key, which is not encrypted: keep the file as you keep the key. All
/// is checked with the device's own code first. Standard output gets the line
/// that writes the file to the board.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    output: Output,
    /// The board, which says where its settings stand.
    #[arg(long, value_name = "NAME", value_parser = boards())]
    board: String,
    /// Another address than the board's, in flash, such as 0x080e0000.
    #[arg(long, value_parser = address)]
    address: Option<u32>,
    /// What kind of file to write; by its extension without it.
    #[arg(long, value_enum)]
    format: Option<Format>,
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    options: Options,
    /// Print what was written as a JSON object.
    #[arg(long)]
    json: bool,
}

impl clap::ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

fn boards() -> PossibleValuesParser {
    BOARDS.map(|board| board.name).into()
}

fn address(text: &str) -> Result<u32, String> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.map_err(|_| "an address is a number of 32 bits, such as 0x080e0000".to_owned())
}

pub(crate) fn run(args: &Args) -> Outcome {
    let board = Board::of_name(&args.board)
        .ok_or_else(|| Failure::Usage(format!("there is no board {}", args.board)))?;
    let address = args.address.unwrap_or(board.address);
    let format = format(args)?;
    let floor = args.options.floor()?;
    let (given, identity) = args.who.read(floor)?;
    let passphrase = args.options.passphrase()?;

    let wrong = |error: &dyn std::fmt::Display| Failure::Usage(error.to_string());
    let mut settings = firmware::flash_settings(&given).map_err(|error| wrong(&error))?;
    settings.time_servers = args.options.time_servers()?;
    settings.wifi = args.options.wifi(passphrase.as_deref());
    settings.floor = Some(floor);
    let mut image = vec![0xff; board.size];
    let length = settings.write(&mut image).map_err(|error| wrong(&error))?;
    image.truncate(length);
    let file = format
        .wrap(&image, board, address)
        .map_err(|error| wrong(&error))?;
    args.output.write(&file)?;

    let path = args.output.path.to_string_lossy();
    let write = board.instruction(format, address, &path);
    let mut output = Printer::new();
    if args.json {
        let fingerprint = fingerprint(&image).map_err(|error| wrong(&error))?;
        let fingerprint = fingerprint.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        let object = json!({
            "file": path, "format": format.name(), "board": board.name,
            "address": address, "bytes": length, "room": board.size,
            "server": given.server_name, "port": given.port, "roots": given.roots.len(),
            "device_id": identity.id, "time_servers": settings.time_servers.as_slice(),
            "wifi": settings.wifi.is_some(), "floor": floor,
            "fingerprint": fingerprint, "write": write,
        });
        output.line(&object.to_string())?;
    } else {
        say(&format!(
            "{path}: {length} of {} bytes for {} at {address:#010x}, of {} at {}:{}; the key in \
             it is secret",
            board.size,
            board.name,
            identity.id.as_deref().unwrap_or("a device without an id"),
            given.server_name,
            given.port,
        ));
        output.line(&write)?;
    }
    output.finish()
}

fn format(args: &Args) -> Outcome<Format> {
    if let Some(format) = args.format {
        return Ok(format);
    }
    let path = &args.output.path;
    let extension = path.extension().and_then(|extension| extension.to_str());
    let known = Format::ALL
        .into_iter()
        .find(|format| extension.is_some_and(|name| name.eq_ignore_ascii_case(format.name())));
    known.ok_or_else(|| {
        Failure::Usage(format!(
            "what {} should be is not clear from its name: give --format bin, elf, uf2 or hex",
            path.display()
        ))
    })
}
