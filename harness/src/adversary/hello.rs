//! The two hellos: the client's as it came, the server's with every field
//! open to change.

use super::wire::{self, Reader, extension};

/// What a ClientHello says, as far as a server needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// Its random.
    pub random: Vec<u8>,
    /// The session id, which the server has to send back.
    pub session_id: Vec<u8>,
    /// The cipher suites.
    pub suites: Vec<u16>,
    /// The extensions in their order.
    pub extensions: Vec<Extension>,
    /// The public point of its `secp256r1` key share.
    pub point: Option<Vec<u8>>,
}

impl ClientHello {
    /// Reads the body of the message; `None` when it is malformed.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader(body);
        reader.bytes(2)?;
        let random = reader.bytes(32)?.to_vec();
        let session_id = reader.vector(1)?.to_vec();
        let suites = reader.vector(2)?.chunks_exact(2);
        let suites = suites
            .map(|suite| u16::from_be_bytes([suite[0], suite[1]]))
            .collect();
        reader.vector(1)?;
        let mut rest = Reader(reader.vector(2)?);
        let mut extensions = Vec::new();
        while !rest.0.is_empty() {
            let kind = rest.u16()?;
            let body = rest.vector(2)?.to_vec();
            extensions.push(Extension { kind, body });
        }
        let mut hello = Self {
            random,
            session_id,
            suites,
            extensions,
            point: None,
        };
        if let Some(shares) = hello.extension(extension::KEY_SHARE) {
            let mut shares = Reader(Reader(shares).vector(2)?);
            while !shares.0.is_empty() {
                let (group, point) = (shares.u16()?, shares.vector(2)?);
                if group == wire::SECP256R1 {
                    hello.point = Some(point.to_vec());
                    break;
                }
            }
        }
        Some(hello)
    }

    /// The contents of the first extension of a type.
    #[must_use]
    pub fn extension(&self, kind: u16) -> Option<&[u8]> {
        let mut extensions = self.extensions.iter();
        let found = extensions.find(|extension| extension.kind == kind)?;
        Some(&found.body)
    }
}

/// One extension of any message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its type.
    pub kind: u16,
    /// Its contents.
    pub body: Vec<u8>,
}

impl Extension {
    /// An extension.
    #[must_use]
    pub fn new(kind: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { kind, body }
    }

    /// A ServerHello's supported_versions.
    #[must_use]
    pub fn selected_version(version: u16) -> Self {
        Self::new(extension::SUPPORTED_VERSIONS, version.to_be_bytes())
    }

    /// A ServerHello's key_share.
    #[must_use]
    pub fn key_share(group: u16, point: &[u8]) -> Self {
        let mut body = group.to_be_bytes().to_vec();
        body.extend(wire::vector16(point));
        Self::new(extension::KEY_SHARE, body)
    }

    /// The extensions with the length of all before them.
    #[must_use]
    pub fn list(extensions: &[Self]) -> Vec<u8> {
        let mut all = Vec::new();
        for extension in extensions {
            all.extend(extension.kind.to_be_bytes());
            all.extend(wire::vector16(&extension.body));
        }
        wire::vector16(&all)
    }
}

/// A ServerHello, field by field (RFC 8446 section 4.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// 0x0303.
    pub legacy_version: u16,
    /// 32 bytes.
    pub random: Vec<u8>,
    /// What the client sent.
    pub session_id: Vec<u8>,
    /// [`wire::AES_128_GCM_SHA256`].
    pub suite: u16,
    /// 0.
    pub compression: u8,
    /// supported_versions, key_share; `None` leaves out their length too, as
    /// TLS 1.2 may.
    pub extensions: Option<Vec<Extension>>,
    /// What follows the extensions inside the message: nothing.
    pub trailing: Vec<u8>,
}

impl ServerHello {
    /// What a good server answers to `hello`, with its own random and point.
    #[must_use]
    pub fn new(hello: &ClientHello, random: Vec<u8>, point: &[u8]) -> Self {
        Self {
            legacy_version: wire::TLS12,
            random,
            session_id: hello.session_id.clone(),
            suite: wire::AES_128_GCM_SHA256,
            compression: 0,
            extensions: Some(vec![
                Extension::selected_version(wire::TLS13),
                Extension::key_share(wire::SECP256R1, point),
            ]),
            trailing: Vec::new(),
        }
    }

    /// The extensions; an empty list when there is none.
    pub fn extensions(&mut self) -> &mut Vec<Extension> {
        self.extensions.get_or_insert_default()
    }

    /// Takes all extensions of a type out.
    pub fn without(&mut self, kind: u16) {
        self.extensions().retain(|extension| extension.kind != kind);
    }

    /// Puts `extension` in the place of the one of its type.
    pub fn replace(&mut self, extension: Extension) {
        self.without(extension.kind);
        self.extensions().push(extension);
    }

    /// Puts other contents into the extension of a type.
    pub fn set(&mut self, kind: u16, body: impl Into<Vec<u8>>) {
        self.replace(Extension::new(kind, body));
    }

    /// The server's public point as it stands in key_share.
    pub fn point(&self) -> &[u8] {
        let mut extensions = self.extensions.iter().flatten();
        let share = extensions.find(|extension| extension.kind == extension::KEY_SHARE);
        share
            .and_then(|share| share.body.get(4..))
            .unwrap_or_default()
    }

    /// Puts another public point of another group into key_share.
    pub fn share(&mut self, group: u16, point: &[u8]) {
        self.replace(Extension::key_share(group, point));
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        let mut body = self.legacy_version.to_be_bytes().to_vec();
        body.extend(&self.random);
        body.extend(wire::vector8(&self.session_id));
        body.extend(self.suite.to_be_bytes());
        body.push(self.compression);
        if let Some(extensions) = &self.extensions {
            body.extend(Extension::list(extensions));
        }
        body.extend(&self.trailing);
        wire::message(wire::handshake::SERVER_HELLO, &body)
    }
}
