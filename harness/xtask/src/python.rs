//! The Python peers: a virtual environment at `.venv` in the project's folder
//! (ignored by git), made from the requirement files in `tests/python`.

use std::path::{Path, PathBuf};

use crate::project;
use crate::run::{Result, ask, command, run};
use crate::system::{self, Package};

/// What installs first (the sources below are built with it), what has wheels,
/// and what must be built from source without fetching anything else.
const STEPS: [(&str, &[&str]); 3] = [
    ("requirements-build.txt", &[]),
    ("requirements.txt", &[]),
    (
        "requirements-peers.txt",
        &["--no-build-isolation", "--no-deps"],
    ),
];

/// Written last, so that a half-made environment is never taken for a whole one.
const STAMP: &str = ".venv/wigwag-peers";

/// The system's interpreter, for scripts that need nothing but Python.
pub const SYSTEM: &str = "python3";

/// Whether the system's Python speaks TLS 1.3.
///
/// # Errors
///
/// What is missing, in words.
pub fn probe_tls() -> Result {
    const HAS_TLS13: &str = "import ssl, sys; sys.exit(not ssl.HAS_TLSv1_3)";
    ask(&mut command(SYSTEM, &["-c", HAS_TLS13]))
        .map(drop)
        .ok_or_else(|| format!("{SYSTEM} with TLS 1.3 is not installed"))
}

/// Installs the system's Python.
///
/// # Errors
///
/// As [`system::install`].
pub fn install_tls() -> Result {
    system::install(&[PYTHON])
}

const PYTHON: Package = Package {
    debian: "python3",
    elsewhere: "Python 3 (https://www.python.org/downloads)",
};

/// The interpreter of the environment.
#[must_use]
pub fn interpreter() -> PathBuf {
    project().join(".venv/bin/python")
}

/// Whether the environment is complete and made from today's requirements.
///
/// # Errors
///
/// What is missing, in words.
pub fn probe() -> Result {
    let made_from = std::fs::read_to_string(project().join(STAMP))
        .map_err(|_| "the Python environment .venv has not been made".to_owned())?;
    if made_from != requirements()? {
        return Err("the Python environment .venv is older than its requirements".to_owned());
    }
    if ask(&mut command(
        interpreter(),
        &["-c", "import minijson, ncplib, smok.client"],
    ))
    .is_none()
    {
        return Err("the Python environment .venv does not run any more".to_owned());
    }
    Ok(())
}

/// Makes the environment anew.
///
/// # Errors
///
/// Something of the system is missing and cannot be installed from here, or
/// pip failed.
pub fn install() -> Result {
    system::install(&missing_packages())?;
    let _ = std::fs::remove_file(project().join(STAMP));
    run(&mut command(SYSTEM, &["-m", "venv", "--clear", ".venv"]))?;
    for (file, options) in STEPS {
        let file = format!("tests/python/{file}");
        let mut args = vec!["-m", "pip", "install", "--quiet"];
        args.push("--disable-pip-version-check");
        args.extend(options);
        args.extend(["-r", &file]);
        run(&mut command(interpreter(), &args))?;
    }
    std::fs::write(project().join(STAMP), requirements()?)
        .map_err(|error| format!("cannot write {STAMP}: {error}"))
}

/// Packages of the system without which the environment cannot be made: the
/// peers are built from source with Cython and a C compiler.
fn missing_packages() -> Vec<Package> {
    let venv = Package {
        debian: "python3-venv",
        elsewhere: "Python's venv module (part of Python's own installers)",
    };
    let headers = Package {
        debian: "python3-dev",
        elsewhere: "Python's headers (python3-devel on Fedora and openSUSE)",
    };
    let compiler = Package {
        debian: "gcc",
        elsewhere: "a C compiler (gcc or clang; xcode-select --install on macOS)",
    };
    let libc = Package {
        debian: "libc6-dev",
        elsewhere: "the C library's headers (they come with the compiler)",
    };
    let python_says = |code: &str| ask(&mut command(SYSTEM, &["-c", code])).is_some();
    const HAS_HEADERS: &str = "import os, sys, sysconfig; \
        sys.exit(not os.path.exists(sysconfig.get_path('include') + '/Python.h'))";

    let mut missing = Vec::new();
    if !python_says("pass") {
        missing.extend([PYTHON, venv, headers]);
    } else {
        if !python_says("import venv, ensurepip") {
            missing.push(venv);
        }
        if !python_says(HAS_HEADERS) {
            missing.push(headers);
        }
    }
    let compiles = ["cc", "gcc"]
        .iter()
        .any(|name| ask(&mut command(name, &["--version"])).is_some());
    if !compiles {
        missing.extend([compiler, libc]);
    }
    missing
}

/// The text of all requirement files: what the environment was made from.
fn requirements() -> Result<String> {
    let folder = project().join("tests/python");
    STEPS
        .iter()
        .map(|(file, _)| read(&folder.join(file)))
        .collect()
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}
