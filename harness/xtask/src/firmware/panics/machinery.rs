//! Which functions of an image are the machinery of panics: once one of them is
//! called, there is no way back.

/// Whether this function is one of them. `symbol` is its name as
/// [`readable`](super::super::origin::readable) has it.
///
/// These are functions of `core` (and of `alloc` and `defmt`, should they come to
/// an image) that never return, and the program's own panic handler. A function of
/// theirs that is missing here is not overlooked: it calls one that is here, and so
/// is a place that the list has to name.
pub(super) fn is_machinery(symbol: &str) -> bool {
    let last = last_name(symbol);
    if last == "rust_begin_unwind"
        || symbol.contains("defmt_panic")
        || symbol.starts_with("defmt::export::panic")
    {
        return true;
    }
    let is_library = ["core::", "alloc::"]
        .iter()
        .any(|it| symbol.starts_with(it));
    let never_returns = symbol.starts_with("core::panicking::")
        || last.ends_with("_failed")
        || last.ends_with("_fail")
        || last.ends_with("_fail_rt")
        || last.ends_with("_overflow")
        || last.starts_with("panic_")
        || last == "handle_error";
    is_library && never_returns
}

/// What a call of the machinery is for, where no function of `core` that was
/// inlined there says it. Those that take no argument are one function in an image
/// whose panic handler looks at none: their names say nothing.
pub(super) fn way(symbol: &str) -> &'static str {
    match last_name(symbol) {
        "panic_bounds_check" => "index",
        "slice_index_fail" | "slice_error_fail" => "slice",
        "len_mismatch_fail" => "copy",
        _ => "panic",
    }
}

/// The last part of a path, without the arguments of generics.
fn last_name(path: &str) -> &str {
    let path = path.split("::<").next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machinery_is_known_by_its_names() {
        for (symbol, name) in [
            ("core::panicking::panic_fmt", "panic"),
            ("core::panicking::panic_bounds_check", "index"),
            ("core::panicking::assert_failed::<usize, usize>", "panic"),
            ("core::slice::index::slice_index_fail", "slice"),
            (
                "core::slice::copy_from_slice_impl::len_mismatch_fail",
                "copy",
            ),
            ("core::str::slice_error_fail", "slice"),
            ("core::option::unwrap_failed", "panic"),
            ("core::cell::panic_already_borrowed", "panic"),
            ("alloc::raw_vec::capacity_overflow", "panic"),
            ("__rustc::rust_begin_unwind", "panic"),
            ("_defmt_panic", "panic"),
            ("defmt::export::panic", "panic"),
        ] {
            assert!(is_machinery(symbol), "{symbol}");
            assert_eq!(way(symbol), name, "{symbol}");
        }
    }

    #[test]
    fn other_functions_may_have_such_names() {
        for symbol in [
            "smoltcp::wire::HardwareAddress::ethernet_or_panic",
            "core::str::traits::check_fail::something",
            "core::fmt::Formatter::pad",
            "wigwag_embassy::ngtt::attempt::failed",
            "memcpy",
        ] {
            assert!(!is_machinery(symbol), "{symbol}");
        }
    }
}
