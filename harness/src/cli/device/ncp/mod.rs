//! `wigwag device ncp`.

mod send;
mod totals;
mod value;

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use super::net::{self, Net};
use super::printer::Printer;
use crate::cli::interrupt::interrupted;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::say;
use crate::cli::pem::{certificates, private_key};
use crate::device::DeviceEvent;
use crate::device::ncp::{self, Book, Settings, Tls, Work};
use send::Sends;

/// A device that connects to an NCP server, sends commands, and shows what comes.
///
/// It is the client that runs on microcontrollers, on the same embassy-net
/// stack, over a virtual network that leads to the server; with --net host on
/// this machine's own sockets. Packets of up to 131,072 bytes are taken.
///
/// With --send it ends when each command has its answer, however long that takes,
/// or the connection is lost; --duration puts a limit to it. With --duration, and
/// without --send, it stays, shows everything that comes, and connects again
/// when it has to; what was not answered by then is not sent again. The exit
/// status is 0 when it was connected and every command was answered without an
/// error.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the server listens.
    #[arg(long, value_name = "HOST:PORT")]
    connect: String,
    /// Talk over TLS.
    #[arg(long, requires_all = ["server_name", "ca"])]
    tls: bool,
    /// The name that the server has to prove: a DNS name or an IP address.
    #[arg(long, value_name = "NAME", requires = "tls")]
    server_name: Option<String>,
    /// The roots that the server's certificate must lead to.
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca: Option<PathBuf>,
    /// The device's certificate, for servers that ask for one.
    #[arg(long, value_name = "FILE", requires_all = ["tls", "key"])]
    cert: Option<PathBuf>,
    /// The device's private key, PKCS #8 or SEC 1.
    #[arg(long, value_name = "FILE", requires_all = ["tls", "cert"])]
    key: Option<PathBuf>,
    /// The user to log in as. Without --tls everybody on the way can read user
    /// and password.
    #[arg(long, value_name = "USER", requires = "password")]
    user: Option<String>,
    /// The user's password.
    #[arg(long, value_name = "PASSWORD", requires = "user")]
    password: Option<String>,
    #[command(flatten)]
    send: Sends,
    /// Stay so long, in seconds.
    #[arg(long, value_name = "SECONDS")]
    duration: Option<f64>,
    /// Which network the device is on.
    #[arg(long, value_enum, default_value_t = Net::Virtual)]
    net: Net,
    /// Print every event as a JSON object.
    #[arg(long)]
    json: bool,
}

/// What the device calls itself.
const HOSTNAME: &str = "wigwag";

pub(crate) fn run(args: &Args) -> Outcome {
    let duration = net::duration(args.duration)?;
    let (host, port) = net::parts(&args.connect)?;
    let commands = args.send.commands()?;
    let stays = args.duration.is_some() || commands.is_empty();
    let work = Work {
        commands,
        stays,
        reconnects: stays,
    };
    let tls = tls(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let server = net::find(&args.connect).await?;
        if let Some(name) = &args.server_name {
            net::check_name(args.net, name, server)?;
        }
        let settings = Settings {
            host: name(args, host, server),
            port,
            peer: Some(args.connect.clone()),
            hostname: HOSTNAME.into(),
            tls,
            login: args.user.clone().zip(args.password.clone()),
        };
        if settings.login.is_some() && settings.tls.is_none() {
            say("without --tls the password goes in the clear: everybody on the way can read it");
        }
        let end = async {
            tokio::select! {
                () = interrupted() => {}
                () = net::after(duration) => {}
            }
        };
        device(args, server, &settings, &work, end).await
    })
}

/// What the device looks for the server by.
fn name(args: &Args, host: &str, server: SocketAddr) -> String {
    match (&args.server_name, args.net) {
        (Some(name), _) => name.clone(),
        (None, Net::Host) => server.ip().to_string(),
        (None, Net::Virtual) => {
            let host = host.trim_matches(['[', ']']);
            match host.parse::<IpAddr>() {
                // There is no IPv6 on the way to the gateway.
                Ok(IpAddr::V6(_)) => net::SERVER.to_string(),
                _ => host.to_owned(),
            }
        }
    }
}

fn tls(args: &Args) -> Outcome<Option<Tls>> {
    let Some(ca) = args.ca.as_deref().filter(|_| args.tls) else {
        return Ok(None);
    };
    let roots = certificates(ca)?;
    let identity = match (&args.cert, &args.key) {
        (Some(cert), Some(key)) => {
            let certificate = certificates(cert)?.into_iter().next();
            Some((certificate.unwrap_or_default(), private_key(key)?))
        }
        _ => None,
    };
    Ok(Some(Tls { roots, identity }))
}

async fn device(
    args: &Args,
    server: SocketAddr,
    settings: &Settings,
    work: &Work,
    end: impl Future<Output = ()>,
) -> Outcome {
    let printer = Printer::new(args.json, false);
    let book = RefCell::new(Book::default());
    let emit = |event: DeviceEvent| printer.event("", &event);
    let stop = async {
        tokio::select! {
            () = end => {}
            () = printer.stop().notified() => {}
        }
    };
    let done = async {
        match args.net {
            Net::Virtual => {
                let net = net::virtual_net(0, &settings.host, server);
                ncp::run(&net, settings, work, &book, &emit, stop).await
            }
            Net::Host => {
                let net = net::host_net(&settings.host, server);
                ncp::run_on(net, settings, work, &book, &emit, stop).await
            }
        }
    };
    // The second time it is somebody who cannot wait.
    let hurry = async {
        interrupted().await;
        interrupted().await;
    };
    tokio::select! {
        done = done => done.map_err(|error| Failure::Usage(error.to_string()))?,
        () = hurry => {}
    }
    totals::print(printer, work, &book.borrow())
}
