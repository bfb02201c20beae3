//! The inputs that are committed: those of a target in one file, each behind its
//! length, a big-endian `u32`.

use std::fs;
use std::path::Path;

use xtask::run::Result;

/// Most bytes of a target's seeds.
const MOST: usize = 24 * 1024;

/// Writes them as files, which libFuzzer wants; none where there are none.
pub(super) fn unpack(seeds: &Path, folder: &Path) -> Result {
    fs::create_dir_all(folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let Ok(packed) = fs::read(seeds) else {
        return Ok(());
    };
    let inputs =
        inputs(&packed).ok_or_else(|| format!("{}: it ends within an input", seeds.display()))?;
    for (number, input) in inputs.iter().enumerate() {
        let path = folder.join(format!("seed-{number:04}"));
        fs::write(&path, input)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(())
}

/// The inputs in such a file; `None` when it ends within one.
pub(super) fn inputs(mut packed: &[u8]) -> Option<Vec<&[u8]>> {
    let mut inputs = Vec::new();
    while !packed.is_empty() {
        let (length, rest) = packed.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (input, rest) = rest.split_at_checked(length)?;
        inputs.push(input);
        packed = rest;
    }
    Some(inputs)
}

/// Packs the files of a folder, the smallest first, until there is no more room.
pub(super) fn pack(folder: &Path, seeds: &Path) -> Result {
    let cannot = |error| format!("cannot read {}: {error}", folder.display());
    let mut inputs = Vec::new();
    for file in fs::read_dir(folder).map_err(cannot)? {
        inputs.push(fs::read(file.map_err(cannot)?.path()).map_err(cannot)?);
    }
    inputs.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    let mut packed = Vec::new();
    for input in inputs {
        if packed.len() + 4 + input.len() > MOST {
            break;
        }
        packed.extend((input.len() as u32).to_be_bytes());
        packed.extend(input);
    }
    fs::write(seeds, packed).map_err(|error| format!("cannot write {}: {error}", seeds.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_unpacked_the_smallest_first() {
        let folder = tempfile::tempdir().unwrap();
        let (found, again) = (folder.path().join("found"), folder.path().join("again"));
        fs::create_dir(&found).unwrap();
        for (name, input) in [("a", &b"longer"[..]), ("b", b""), ("c", b"one")] {
            fs::write(found.join(name), input).unwrap();
        }
        fs::write(found.join("d"), vec![0; MOST]).unwrap();
        let seeds = folder.path().join("x.seeds");
        pack(&found, &seeds).unwrap();
        let packed = fs::read(&seeds).unwrap();
        assert_eq!(inputs(&packed), Some(vec![&b""[..], b"one", b"longer"]));
        unpack(&seeds, &again).unwrap();
        assert_eq!(fs::read(again.join("seed-0002")).unwrap(), b"longer");
        assert_eq!(fs::read_dir(&again).unwrap().count(), 3);
    }

    #[test]
    fn a_file_that_is_cut_is_refused() {
        assert_eq!(inputs(b"\0\0\0\x02a"), None);
        assert_eq!(inputs(b"\0\0\0"), None);
        assert_eq!(inputs(b"\0\0\0\x01a"), Some(vec![&b"a"[..]]));
        assert_eq!(inputs(b""), Some(vec![]));
    }
}
