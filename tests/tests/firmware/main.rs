//! The firmware on an emulated board: the very image that is flashed, booted in
//! QEMU, against the mock server, through the virtual network and its accidents.
//!
//! Every test boots boards of its own and may run beside the others; times are
//! limits, not expectations, so a busy machine only makes them slower.

mod accidents;
mod clocks;
mod command;
mod cuts;
#[path = "../e2e_renewal/desk.rs"]
mod desk;
mod fleet;
mod garbage;
mod life;
mod ncp_client;
mod ncp_server;
mod ncp_site;
mod orders;
mod outages;
mod refusals;
mod renewal;
mod restarts;
mod site;
mod words;

use wigwag_tests::runner::{Suite, tools};

fn main() {
    let needs = &[tools::QEMU, tools::THUMB_TARGET];
    let peers = &[tools::QEMU, tools::THUMB_TARGET, tools::PYTHON_PEERS];
    Suite::new()
        .test("first_order", needs, orders::first)
        .test(
            "first_order_on_qemus_own_network",
            needs,
            orders::first_on_user_network,
        )
        .test(
            "first_order_with_counted_instructions",
            needs,
            orders::first_counted,
        )
        .test("what_is_written_can_be_read", needs, orders::executed)
        .test("ten_runs_in_a_row", needs, orders::ten_in_a_row)
        .test("four_at_once", needs, orders::four_at_once)
        .test(
            "twenty_devices_at_once_against_one_server",
            needs,
            fleet::twenty_at_once,
        )
        .test(
            "fifty_orders_with_two_link_cuts",
            needs,
            outages::fifty_orders,
        )
        .test(
            "a_device_without_an_address_waits_for_one",
            needs,
            outages::dhcp_silent,
        )
        .test(
            "a_server_that_is_not_there_is_tried_again",
            needs,
            outages::no_server,
        )
        .test(
            "a_device_gives_up_when_its_time_is_up",
            needs,
            outages::time_up,
        )
        .test(
            "time_goes_on_when_the_counter_wraps",
            needs,
            outages::counter_wraps,
        )
        .test(
            "a_power_failure_leaves_nothing_behind",
            needs,
            outages::power_failure,
        )
        .test(
            "servers_that_are_not_ours_are_refused",
            needs,
            refusals::servers,
        )
        .test(
            "devices_that_are_not_ours_are_refused",
            needs,
            refusals::devices,
        )
        .test(
            "settings_that_are_none_are_refused",
            needs,
            refusals::settings,
        )
        .test("words_that_are_none_are_refused", needs, words::unusable)
        .test(
            "frames_of_any_kind_stop_no_order_campaign",
            needs,
            garbage::campaign,
        )
        .test(
            "accidents_in_a_life_of_orders_campaign",
            needs,
            life::campaign,
        )
        .test(
            "power_cuts_in_writes_to_flash_campaign",
            needs,
            cuts::campaign,
        )
        .test("a_panic_is_told_at_the_next_start", needs, restarts::panics)
        .test(
            "the_watchdog_resets_a_device_that_hangs",
            needs,
            restarts::hangs,
        )
        .test(
            "time_servers_put_wrong_clocks_right",
            needs,
            clocks::put_right,
        )
        .test(
            "a_time_before_the_floor_is_none",
            needs,
            clocks::below_the_floor,
        )
        .test(
            "a_new_certificate_is_ordered_brought_and_proved",
            needs,
            renewal::renewed,
        )
        .test("the_command_line_runs_the_image", needs, command::run)
        .test("an_ncp_client_asks_a_node", needs, ncp_client::asks)
        .test(
            "an_ncp_client_survives_cuts",
            needs,
            ncp_client::survives_cuts,
        )
        .test("an_ncp_client_logs_in", needs, ncp_client::logs_in)
        .test(
            "an_ncp_server_answers_ncplib",
            peers,
            ncp_server::answers_ncplib,
        )
        .test(
            "an_ncp_server_wants_a_login",
            peers,
            ncp_server::wants_a_login,
        )
        .test(
            "an_ncp_server_refuses_wrong_packets",
            needs,
            ncp_server::refuses_wrong_packets,
        )
        .test(
            "an_ncp_server_survives_a_flood",
            needs,
            ncp_server::survives_a_flood,
        )
        .test(
            "an_ncp_device_serves_while_it_asks",
            peers,
            ncp_server::serves_while_it_asks,
        )
        .run();
}
