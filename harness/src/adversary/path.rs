//! Somebody on the path between a client and a good server: sees records, has
//! no keys, and can change the stream to the client in any way.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// What happens to a record from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// These bytes come before it.
    Insert(Vec<u8>),
    /// It does not arrive.
    Drop,
    /// It arrives twice.
    Repeat,
    /// The next one arrives before it.
    Swap,
    /// The bits of this mask are flipped in its byte of this number, or in its
    /// last one if it has fewer.
    Flip(usize, u8),
    /// The stream ends after so many bytes of it.
    Cut(usize),
}

/// A deed, and the number of the record it happens to: 0 is ServerHello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tamper {
    /// The number of the record.
    pub record: usize,
    /// What happens to it.
    pub deed: Deed,
}

/// Carries bytes between a client and a server until one of them ends, and
/// tampers with one record on the way. Returns the types and lengths of the
/// records that the server sent.
pub async fn relay<C, S>(client: C, server: S, tamper: Option<Tamper>) -> Vec<(u8, usize)>
where
    C: AsyncRead + AsyncWrite,
    S: AsyncRead + AsyncWrite,
{
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let mut seen = Vec::new();
    let up = async {
        // An error is one side's way to go.
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        let _ = to_server.shutdown().await;
    };
    let down = async {
        let _ = records(&mut from_server, &mut to_client, tamper, &mut seen).await;
        let _ = to_client.shutdown().await;
    };
    tokio::join!(up, down);
    seen
}

/// One record, header included; `None` at the end of the stream.
async fn record(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; 5];
    match from.read_exact(&mut bytes).await {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    };
    let length = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
    bytes.resize(5 + length, 0);
    from.read_exact(&mut bytes[5..]).await?;
    Ok(Some(bytes))
}

async fn records(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    tamper: Option<Tamper>,
    seen: &mut Vec<(u8, usize)>,
) -> io::Result<()> {
    while let Some(mut bytes) = record(from).await? {
        let number = seen.len();
        seen.push((bytes[0], bytes.len() - 5));
        match tamper.as_ref().filter(|tamper| tamper.record == number) {
            None => {}
            Some(Tamper { deed, .. }) => match deed {
                Deed::Insert(more) => to.write_all(more).await?,
                Deed::Drop => continue,
                Deed::Repeat => to.write_all(&bytes).await?,
                Deed::Swap => {
                    if let Some(next) = record(from).await? {
                        seen.push((next[0], next.len() - 5));
                        to.write_all(&next).await?;
                    }
                }
                Deed::Flip(at, mask) => {
                    let at = (*at).min(bytes.len() - 1);
                    bytes[at] ^= mask;
                }
                Deed::Cut(length) => {
                    bytes.truncate(*length);
                    to.write_all(&bytes).await?;
                    return Ok(());
                }
            },
        }
        to.write_all(&bytes).await?;
        to.flush().await?;
    }
    Ok(())
}
