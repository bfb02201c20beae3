//! The command line `wigwag`; see [`wigwag_harness::cli`].

fn main() -> std::process::ExitCode {
    wigwag_harness::cli::main()
}
