//! Measures the codec: see README.md.

mod budget;
mod callgrind;
mod case;
#[cfg(feature = "peers")]
mod clock;
mod document;
mod floor;
mod formats;
#[cfg(feature = "peers")]
mod machine;
mod packets;
#[cfg(feature = "peers")]
mod python;
#[cfg(feature = "peers")]
mod report;
#[cfg(feature = "peers")]
mod results;
mod split;
#[cfg(feature = "peers")]
mod targets;

use std::process::ExitCode;

use case::Case;

const USAGE: &str = "usage:
  --gate            hold instructions against budgets.toml
  --update          write budgets.toml
  --sections DIR    measure everything (feature `peers`) and write host.md and python.md
  --run NAME COUNT  do one case so often, for a profiler; its name is one of budgets.toml";

fn cases() -> Vec<Case> {
    let mut cases = formats::cases();
    cases.extend(split::cases());
    cases.extend(packets::cases());
    cases.extend(floor::cases());
    cases
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut cases = cases();
    let outcome = match args.as_slice() {
        [callgrind::UNDER_CALLGRIND] => {
            callgrind::count(&mut cases);
            Ok(())
        }
        ["--gate"] => budget::gate(&cases),
        ["--update"] => budget::update(&cases),
        ["--run", name, count] => run(&mut cases, name, count),
        #[cfg(feature = "peers")]
        ["--sections", folder] => sections(&mut cases, folder),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run(cases: &mut [Case], name: &str, count: &str) -> Result<(), String> {
    let case = cases.iter_mut().find(|case| case.name() == name);
    let case = case.ok_or_else(|| format!("no case {name}"))?;
    let count = count.parse().map_err(|_| format!("{count} is no number"))?;
    case.run(count);
    Ok(())
}

#[cfg(feature = "peers")]
fn sections(cases: &mut [Case], folder: &str) -> Result<(), String> {
    let results = results::Results::measure(cases)?;
    let write = |name: &str, text: String| {
        let path = std::path::Path::new(folder).join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    write("host.md", report::host(&results))?;
    let [big, small] = [document::BIG, document::SMALL].map(formats::as_minijson);
    let python = python::measure(&big, &small)?;
    write("python.md", report::python(&results, &python))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn each_case_has_a_name_of_its_own_and_can_be_done_again() {
        let mut names = HashSet::new();
        for mut case in super::cases() {
            assert!(names.insert(case.name()), "{}", case.name());
            case.run(2);
        }
    }
}
