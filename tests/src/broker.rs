//! A small MQTT 5 broker for one client: as much of it as a client needs that
//! publishes and subscribes. What is published comes back to it if it has
//! subscribed to that very topic.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// What the broker was told, packet by packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// CONNECT, by whom.
    Connect(String),
    /// PUBLISH: topic, message, quality of service.
    Publish(String, Vec<u8>, u8),
    /// SUBSCRIBE, to which topic.
    Subscribe(String),
    /// PINGREQ.
    Ping,
    /// DISCONNECT.
    Disconnect,
}

/// Most bytes of a packet.
const LONGEST: usize = 64 * 1024;

/// Serves one client to its end, and returns what it said.
///
/// # Errors
/// The stream fails, or what comes is not MQTT.
pub async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<Vec<Told>> {
    let mut told = Vec::new();
    let mut subscribed = Vec::new();
    loop {
        let (kind, body) = match packet(&mut stream).await {
            Ok(packet) => packet,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(told),
            Err(error) => return Err(error),
        };
        let mut rest = &body[..];
        match kind >> 4 {
            1 => {
                // Protocol name and version, flags, keep-alive, properties.
                let name = text(&mut rest)?;
                take(&mut rest, 4)?;
                if name != "MQTT" || body[6] != 5 {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                properties(&mut rest)?;
                told.push(Told::Connect(text(&mut rest)?));
                stream.write_all(&[0x20, 3, 0, 0, 0]).await?;
            }
            3 => {
                let topic = text(&mut rest)?;
                let quality = kind >> 1 & 3;
                let number = match quality {
                    0 => None,
                    _ => Some(take(&mut rest, 2)?.to_vec()),
                };
                properties(&mut rest)?;
                told.push(Told::Publish(topic.clone(), rest.to_vec(), quality));
                if let Some(number) = number {
                    stream.write_all(&[0x40, 2, number[0], number[1]]).await?;
                }
                if subscribed.contains(&topic) {
                    publish(&mut stream, &topic, rest).await?;
                }
            }
            8 => {
                let number = take(&mut rest, 2)?.to_vec();
                properties(&mut rest)?;
                let topic = text(&mut rest)?;
                told.push(Told::Subscribe(topic.clone()));
                subscribed.push(topic);
                stream
                    .write_all(&[0x90, 4, number[0], number[1], 0, 0])
                    .await?;
            }
            12 => {
                told.push(Told::Ping);
                stream.write_all(&[0xd0, 0]).await?;
            }
            14 => told.push(Told::Disconnect),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
        stream.flush().await?;
    }
}

async fn publish(
    stream: &mut (impl AsyncWrite + Unpin),
    topic: &str,
    message: &[u8],
) -> io::Result<()> {
    let mut length = 2 + topic.len() + 1 + message.len();
    let mut packet = vec![0x30];
    loop {
        let more = length > 127;
        packet.push((length & 127) as u8 | u8::from(more) << 7);
        length >>= 7;
        if !more {
            break;
        }
    }
    packet.extend((topic.len() as u16).to_be_bytes());
    packet.extend(topic.as_bytes());
    packet.push(0);
    packet.extend(message);
    stream.write_all(&packet).await
}

/// The next packet: its first byte, and what follows its length.
async fn packet(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(u8, Vec<u8>)> {
    let kind = stream.read_u8().await?;
    let mut length = 0;
    for place in 0..4 {
        let byte = stream.read_u8().await?;
        length |= usize::from(byte & 127) << (7 * place);
        if byte < 128 {
            break;
        }
    }
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((kind, body))
}

fn take<'b>(rest: &mut &'b [u8], count: usize) -> io::Result<&'b [u8]> {
    let parts = rest.split_at_checked(count);
    let (first, last) = parts.ok_or(io::ErrorKind::InvalidData)?;
    *rest = last;
    Ok(first)
}

fn text(rest: &mut &[u8]) -> io::Result<String> {
    let length = take(rest, 2)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    let text = take(rest, length)?.to_vec();
    String::from_utf8(text).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Steps over the properties; those of more than 127 bytes are not known here.
fn properties(rest: &mut &[u8]) -> io::Result<()> {
    let length = take(rest, 1)?[0];
    take(rest, length.into())?;
    Ok(())
}
