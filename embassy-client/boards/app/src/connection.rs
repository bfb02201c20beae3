//! The task of the connection, and what it sees of the network.

use embassy_futures::join::join;
use embassy_net::Stack;
use rand_core::CryptoRngCore;
use wigwag_codec::ngtt::message::LogEntry;
use wigwag_embassy::net::{EmbassyNetwork, Network as _, PathId, PathState};

use crate::device::{Board, Client, Runner};

/// Keeps the connection to the server up, and tells of the link below it.
#[allow(missing_debug_implementations)] // The client's runner has none.
pub struct Connection<R> {
    runner: Runner<R>,
    client: Client,
    board: Board,
    stack: Stack<'static>,
}

impl<R: CryptoRngCore> Connection<R> {
    pub(crate) fn new(
        runner: Runner<R>,
        client: Client,
        board: Board,
        stack: Stack<'static>,
    ) -> Self {
        Self {
            runner,
            client,
            board,
            stack,
        }
    }

    /// Runs for ever.
    pub async fn run(&mut self) -> ! {
        let Self {
            runner,
            client,
            board,
            stack,
        } = self;
        // In one task: the stack has one waker for changes of its link, and two
        // tasks would keep waking each other over it.
        join(runner.run(), watch_link(*client, *board, *stack))
            .await
            .0
    }
}

/// Says on the log when the link comes and goes, and which address the device
/// has got; tells the server of the link as well.
async fn watch_link(client: Client, board: Board, stack: Stack<'static>) -> ! {
    const PATH: PathId = PathId(0);

    let network = EmbassyNetwork::new(stack);
    let mut before = PathState::LinkDown;
    loop {
        let now = network.path_changed(PATH, before).await;
        if before == PathState::LinkDown {
            defmt::info!("link up");
            tell(client, board, "link up").await;
        }
        match now {
            PathState::LinkDown => {
                defmt::info!("link down");
                tell(client, board, "link down").await;
            }
            PathState::NoAddress => {}
            PathState::Up => {
                if let Some(config) = stack.config_v4() {
                    defmt::info!("address {}", defmt::Display2Format(&config.address));
                }
            }
        }
        before = now;
    }
}

/// Writes to the server's log. It is sent when there is a connection; entries
/// that become too many make room for newer ones.
pub(crate) async fn tell(client: Client, board: Board, message: &str) {
    const INFO: i64 = 20;

    // Without a date the server could not place it.
    if let Some(when) = (board.unix_micros)() {
        let when = i64::try_from(when).unwrap_or(i64::MAX);
        let entry = LogEntry::text("device", when, INFO, message);
        // An error means that there was no room for it.
        let _ = client.submit_logs(&[entry]).await;
    }
}
