//! ncplib 6.1.0 and ours: its client with our server, our client with its server.

mod client;
mod server;

use wigwag_tests::runner::{Suite, tools};

fn main() {
    let needs = &[tools::PYTHON_PEERS];
    Suite::new()
        .test("our_client_gets_every_type_back", needs, client::every_type)
        .test(
            "our_client_is_told_what_goes_wrong",
            needs,
            client::what_goes_wrong,
        )
        .test(
            "our_client_passes_over_acknowledgements",
            needs,
            client::acknowledgements,
        )
        .test(
            "our_client_has_a_thousand_commands_in_flight",
            needs,
            client::thousand,
        )
        .test("our_client_logs_in", needs, client::logins)
        .test("our_client_logs_in_over_tls", needs, client::over_tls)
        .test("our_client_agrees_on_times", needs, client::times)
        .test("our_client_notices_the_end", needs, client::ends)
        .test(
            "our_server_sends_every_type_back",
            needs,
            server::every_type,
        )
        .test(
            "our_server_tells_what_goes_wrong",
            needs,
            server::what_goes_wrong,
        )
        .test(
            "our_server_answers_a_thousand_commands_backwards",
            needs,
            server::thousand,
        )
        .test(
            "our_server_lets_in_who_knows_the_password",
            needs,
            server::logins,
        )
        .test("our_server_agrees_on_times", needs, server::times)
        .test("our_server_notices_the_end", needs, server::ends)
        .run();
}

/// Fails with what is not as it should be.
macro_rules! check {
    ($condition:expr, $($what:expr),+) => {
        if !$condition {
            return Err(format!(
                "{} ({}:{}): {}",
                stringify!($condition),
                file!(),
                line!(),
                [$(format!("{:?}", $what)),+].join(", ")
            )
            .into());
        }
    };
}
pub(crate) use check;
