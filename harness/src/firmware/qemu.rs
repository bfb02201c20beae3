//! The emulator: where it is, and how it is told.

use super::{Firmware, FirmwareError, Mishap, Work};
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// QEMU's program for 32-bit Arm boards.
pub const PROGRAM: &str = "qemu-system-arm";

/// How to get it.
pub(super) const INSTALL: &str = "`sudo apt-get install qemu-system-arm` (Debian, Ubuntu), `sudo \
    dnf install qemu-system-arm` (Fedora), `sudo pacman -S qemu-system-arm` (Arch), `brew install \
    qemu` (macOS)";

/// The hardware address of the board's network card.
pub const HARDWARE_ADDRESS: [u8; 6] = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56];

/// The QEMU name of the network's far end, for `set_link`.
pub(super) const NETDEV: &str = "n0";

/// Files of a run, in its own folder, which is QEMU's current one: so that no
/// path with a space or a comma gets into QEMU's syntax.
pub(super) const SETTINGS_FILE: &str = "settings.bin";
pub(super) const REPORT_FILE: &str = "report.bin";
/// A link to where the flash is kept.
pub(super) const FLASH_FILE: &str = "flash.bin";

/// Where the board's settings stand, in its flash.
const SETTINGS_ADDRESS: &str = "0x3f0000";

/// Finds QEMU on the path.
pub(super) fn find() -> Result<PathBuf, FirmwareError> {
    find_on(&std::env::var_os("PATH").unwrap_or_default()).ok_or(FirmwareError::NoQemu)
}

fn find_on(path: &OsStr) -> Option<PathBuf> {
    let name = format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(path)
        .map(|folder| folder.join(&name))
        .find(|file| file.is_file())
}

/// The arguments of a run. QEMU connects out to both addresses: nothing on this
/// machine has to guess a free port for it.
pub(super) fn arguments(
    firmware: &Firmware,
    image: &Path,
    wire: Option<SocketAddr>,
    control: SocketAddr,
) -> Vec<OsString> {
    let mut words = vec!["arg=wigwag".to_owned()];
    let own = match &firmware.work {
        Work::Ngtt(trial) => trial.words(),
        Work::Ncp(trial) => trial.words(),
    };
    let report = firmware.report.then(|| format!("report={REPORT_FILE}"));
    let kept = firmware.flash_file.as_ref();
    let flash = kept.map(|_| format!("flash={FLASH_FILE}"));
    let cut = firmware
        .power_cut
        .map(|cut| [format!("cut={}", cut.change), format!("tear={}", cut.tear)]);
    let mishap = firmware.mishap.map(|mishap| match mishap {
        Mishap::Panic => "panic=2".to_owned(),
        Mishap::Hang => "hang=2".to_owned(),
    });
    // QEMU takes a doubled comma for one.
    let argument = |word: &String| format!("arg={}", word.replace(',', ",,"));
    let own = own.iter().chain(&report).chain(&flash).chain(&mishap);
    words.extend(own.chain(cut.iter().flatten()).map(argument));
    let netdev = match wire {
        Some(wire) => format!(
            "stream,id={NETDEV},server=off,addr.type=inet,addr.host={},addr.port={}",
            wire.ip(),
            wire.port()
        ),
        None => format!("user,id={NETDEV}"),
    };
    let address = HARDWARE_ADDRESS.map(|byte| format!("{byte:02x}")).join(":");
    let nic = format!("nic,model=lan9118,netdev={NETDEV},macaddr={address}");
    let semihosting = format!("enable=on,target=native,{}", words.join(","));
    let loader = format!("loader,file={SETTINGS_FILE},addr={SETTINGS_ADDRESS},force-raw=on");
    let chardev = format!(
        "socket,id=control,server=off,host={},port={}",
        control.ip(),
        control.port()
    );
    let mut arguments: Vec<OsString> = [
        ["-M", "mps2-an386"],
        ["-display", "none"],
        ["-monitor", "none"],
        ["-serial", "none"],
        ["-semihosting-config", &semihosting],
        ["-device", &loader],
        ["-netdev", &netdev],
        ["-net", &nic],
        ["-chardev", &chardev],
        ["-mon", "chardev=control,mode=control"],
    ]
    .concat()
    .into_iter()
    .map(OsString::from)
    .collect();
    // The processor waits until it is told to go.
    arguments.push("-S".into());
    let icount = match (firmware.fast_forward, firmware.icount) {
        (true, _) => Some("shift=0,sleep=off"),
        (false, true) => Some("shift=0"),
        (false, false) => None,
    };
    if let Some(icount) = icount {
        arguments.extend(["-icount".into(), icount.into()]);
    }
    arguments.extend(["-kernel".into(), image.into()]);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firmware::{NcpTrial, Trial};

    #[test]
    fn a_missing_emulator_is_named_with_its_installation() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(find_on(empty.path().as_os_str()), None);
        let said = FirmwareError::NoQemu.to_string();
        assert!(
            said.contains(PROGRAM) && said.contains("apt-get install"),
            "{said}"
        );
        let there = empty
            .path()
            .join(format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX));
        std::fs::write(&there, []).unwrap();
        assert_eq!(find_on(empty.path().as_os_str()), Some(there));
    }

    #[test]
    fn the_device_is_told_its_trial() {
        let firmware = Firmware::new("x")
            .trial(Trial {
                orders: Some(50),
                unix: Some(0),
                ..Trial::default()
            })
            .report(true)
            .flash_file("/a b,c")
            .power_cut(7, 9);
        let [wire, control] = [([127, 0, 0, 1], 1).into(), ([127, 0, 0, 1], 2).into()];
        let arguments = arguments(&firmware, Path::new("/x"), Some(wire), control);
        let line = arguments.join(OsStr::new(" ")).into_string().unwrap();
        for part in [
            "arg=wigwag,arg=orders=50,arg=unix=0,arg=report=report.bin,arg=flash=flash.bin,\
             arg=cut=7,arg=tear=9 ",
            "stream,id=n0,server=off,addr.type=inet,addr.host=127.0.0.1,addr.port=1 ",
            "host=127.0.0.1,port=2 ",
            "-kernel /x",
        ] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
        assert!(!line.contains("icount"));
    }

    #[test]
    fn a_comma_in_a_word_stays_in_the_word() {
        let firmware = Firmware::new("x").ncp(NcpTrial {
            login: Some(("me".into(), "a,b".into())),
            ..NcpTrial::default()
        });
        let control = ([127, 0, 0, 1], 2).into();
        let arguments = arguments(&firmware, Path::new("/x"), None, control);
        let word = "enable=on,target=native,arg=wigwag,arg=login=me:a,,b";
        assert!(
            arguments.iter().any(|argument| argument == word),
            "{arguments:?}"
        );
    }
}
