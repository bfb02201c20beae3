//! What a browser loads for the page, compressed with brotli, held to the budgets
//! that are committed with it (`wasm/page/budget.toml`).

use std::collections::BTreeMap;
use std::fs;

use wigwag_page::{FILES, File};
use wigwag_tests::runner::{Outcome, Suite, tools};
use xtask::project;

fn main() {
    let needs = [tools::WASM_TARGET];
    Suite::new()
        .test("the_page_is_within_its_budgets", &needs, weight)
        .test("every_file_is_whole_and_compressed", &needs, whole)
        .test(
            "the_modules_name_no_folder_of_this_machine",
            &needs,
            no_paths,
        )
        .run();
}

/// What a file belongs to, as the budgets call it.
fn group(path: &str) -> &'static str {
    match path {
        "wigwag_bg.wasm" => "module",
        "wigwag_late.wasm" => "late",
        "single.html" => "single",
        _ if path.starts_with("packets") => "packets",
        _ if path.starts_with("sample.") => "sample",
        _ if path.starts_with("vendor/") => "vendor",
        _ if path == "wigwag.js" || path.starts_with("worker") => "worker",
        _ if path.ends_with(".js") => "scripts",
        _ => "face",
    }
}

/// What the page never loads by itself.
const APART: [&str; 2] = ["sample", "single"];

/// What it loads when it is needed, not when it begins.
const LATER: [&str; 3] = ["late", "packets", "vendor"];

fn weight() -> Outcome {
    let path = project().join("wasm/page/budget.toml");
    let budgets: BTreeMap<String, usize> = toml::from_str(&fs::read_to_string(path)?)?;
    let mut sizes = BTreeMap::new();
    for file in FILES {
        let group = group(file.path);
        *sizes.entry(group).or_default() += file.brotli.len();
        if !APART.contains(&group) {
            *sizes.entry("everything").or_default() += file.brotli.len();
            if !LATER.contains(&group) {
                *sizes.entry("start").or_default() += file.brotli.len();
            }
        }
    }
    let mut wrong = Vec::new();
    for (group, size) in &sizes {
        let size: usize = *size;
        println!("{group}: {size} bytes");
        match budgets.get(*group) {
            None => wrong.push(format!("{group}: {size} bytes, and no budget")),
            Some(budget) if size > *budget => {
                wrong.push(format!("{group}: {size} bytes of {budget}"));
            }
            // A budget that is far from the figure holds nothing.
            Some(budget) if size * 10 < *budget * 9 => {
                wrong.push(format!("{group}: {size} bytes; take {budget} down"));
            }
            Some(_) => {}
        }
    }
    for group in budgets.keys() {
        if !sizes.contains_key(group.as_str()) {
            wrong.push(format!("{group} has a budget and no file"));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("wasm/page/budget.toml: {}", wrong.join("; ")).into())
    }
}

fn whole() -> Outcome {
    for File {
        path,
        mime,
        plain,
        brotli,
    } in FILES
    {
        let kept = plain.len() < 64 || brotli.len() < plain.len() + 16;
        if plain.is_empty() || mime.is_empty() || !kept {
            return Err(format!("{path}: {} bytes, {} packed", plain.len(), brotli.len()).into());
        }
    }
    for path in [
        "index.html",
        "worker.js",
        "wigwag_bg.wasm",
        "wigwag_late.wasm",
        "packets_bg.wasm",
        "single.html",
    ] {
        if wigwag_page::find(path).is_none() {
            return Err(format!("the page has no {path}").into());
        }
    }
    Ok(())
}

fn no_paths() -> Outcome {
    let folder = project().display().to_string();
    let home = std::env::home_dir().map(|home| home.join(".cargo").display().to_string());
    for path in ["wigwag_bg.wasm", "wigwag_late.wasm", "packets_bg.wasm"] {
        let module = wigwag_page::find(path).ok_or("a module")?;
        for own in [Some(&folder), home.as_ref()].into_iter().flatten() {
            let named = module
                .plain
                .windows(own.len())
                .any(|bytes| bytes == own.as_bytes());
            if named {
                return Err(format!("{path} names {own}").into());
            }
        }
    }
    Ok(())
}
