//! Says how to link: the scripts are esp-hal's and defmt's.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // esp-hal's has to be the last one.
    for argument in ["-Tdefmt.x", "-Tlinkall.x"] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
}
