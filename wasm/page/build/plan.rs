//! Which part of the module is loaded when.

use crate::reach::{Late, Plan};

/// The page's module: what opens an input, lists its rows and follows a conversation
/// is there at once; the rest comes while the first rows are looked at.
///
/// What is named here costs or saves bytes, and nothing else: see [`crate::split`].
pub(crate) const PLAN: Plan = Plan {
    start: &[
        "__wbg_inspector_free",
        "inspector_new",
        "inspector_bookmark",
        "inspector_bytes",
        "inspector_dropped",
        "inspector_examine",
        "inspector_examined",
        "inspector_expect",
        "inspector_filter",
        "inspector_filterOn",
        "inspector_finish",
        "inspector_firstTime",
        "inspector_held",
        "inspector_kind",
        "inspector_lastHeard",
        "inspector_lastTime",
        "inspector_needsPackets",
        "inspector_position",
        "inspector_problemCount",
        "inspector_push",
        "inspector_rows",
        "inspector_set_bookmark",
        "inspector_settle",
        "inspector_viewRows",
        "inspector_viewRowsBefore",
        "inspector_viewVersion",
        "inspector_window",
        "__wbg_window_free",
        "__wbg_get_window_rows",
        "__wbg_get_window_time",
        "__wbg_get_window_connection",
        "__wbg_get_window_direction",
        "__wbg_get_window_protocol",
        "__wbg_get_window_kind",
        "__wbg_get_window_id",
        "__wbg_get_window_length",
        "__wbg_get_window_flags",
        "__wbg_get_window_pair",
        "__wbg_get_window_latency",
        "__wbg_get_window_summary",
        "__wbg_get_window_typeName",
    ],
    late: &[Late {
        name: "late",
        paths: &[
            (
                "wigwag_inspect::filter::",
                "the page begins without a filter",
            ),
            (
                "core::ptr::drop_in_place<wigwag_inspect::filter::",
                "the same",
            ),
            ("regex_lite::", "only filters have patterns"),
            (
                "wigwag_inspect::input::base64::",
                "text is pasted when the page is there",
            ),
            ("wigwag_inspect::input::hex::", "the same"),
            ("wigwag_inspect::input::hex_dump::", "the same"),
            ("wigwag_inspect::input::lines::", "the same"),
            (
                "core::num::dec2flt::",
                "only text that is read has decimal numbers",
            ),
            (
                "core::num::flt2dec::strategy::dragon::",
                "one number in two hundred needs it",
            ),
            (
                "core::fmt::float::float_to_decimal_common_exact",
                "numbers in rows have no fixed precision",
            ),
            (
                "core::fmt::float::float_to_exponential_common",
                "nor exponents",
            ),
        ],
    }],
    traps: &[
        "core::panicking::",
        "core::option::unwrap_failed",
        "core::option::expect_failed",
        "core::result::unwrap_failed",
        "core::slice::index::slice_index_fail",
        "core::str::slice_error_fail",
        "alloc::raw_vec::handle_error",
        "alloc::alloc::handle_alloc_error",
        "__rustc::rust_begin_unwind",
    ],
};
