use super::{NgttError, parse};
use crate::minijson::{Encoder, Entries, Error, Kind, Value};

/// The payload of SYNC_BAOB_REQUEST: which binary objects the device has, in
/// which version.
#[derive(Clone, Debug)]
pub struct BaobRequest<'a> {
    entries: Entries<'a>,
}

impl<'a> BaobRequest<'a> {
    /// Reads the payload of SYNC_BAOB_REQUEST.
    ///
    /// # Errors
    /// [`NgttError::InvalidFrame`] if it is not one minijson map.
    pub fn parse(payload: &'a [u8]) -> Result<Self, NgttError> {
        Ok(Self {
            entries: parse(payload, Kind::Map)?.entries(),
        })
    }
}

impl<'a> Iterator for BaobRequest<'a> {
    /// Name and version; the version is -1 for an object that the device wants
    /// and does not have. `None` for an entry of an unknown shape.
    type Item = Option<(&'a str, i64)>;

    fn next(&mut self) -> Option<Self::Item> {
        let (name, version) = self.entries.next()?;
        Some(name.as_str().zip(version.as_i64()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl ExactSizeIterator for BaobRequest<'_> {}

/// Writes the payload of SYNC_BAOB_REQUEST, object by object.
///
/// ```
/// use wigwag_codec::ngtt::message::BaobRequestWriter;
///
/// let mut slot = [0; 64];
/// let mut writer = BaobRequestWriter::new(&mut slot, 2)?;
/// writer.object("baob1", 3)?.object("config/main.json", 12)?;
/// assert_eq!(writer.finish()?, 28);
/// assert_eq!(&slot[..28], b"\x52\x05baob1\x03\x03\x10config/main.json\x03\x0c");
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
#[derive(Debug)]
pub struct BaobRequestWriter<'b> {
    encoder: Encoder<'b>,
}

impl<'b> BaobRequestWriter<'b> {
    /// A payload of `objects` objects, at the start of `out`.
    ///
    /// # Errors
    /// For this and every other call: those of [`Encoder`], when `out` is full,
    /// more is written than was said, or a name has more than 255 bytes.
    pub fn new(out: &'b mut [u8], objects: usize) -> Result<Self, Error> {
        let mut encoder = Encoder::new(out);
        encoder.map(objects)?;
        Ok(Self { encoder })
    }

    /// The next object.
    ///
    /// # Errors
    /// As [`BaobRequestWriter::new`].
    pub fn object(&mut self, name: &str, version: i64) -> Result<&mut Self, Error> {
        self.encoder.key(name)?.int(version)?;
        Ok(self)
    }

    /// How many bytes were written in all.
    ///
    /// # Errors
    /// If less was written than was said.
    pub fn finish(self) -> Result<usize, Error> {
        self.encoder.finish().map(<[u8]>::len)
    }
}

/// The payload of SYNC_BAOB_RESPONSE: what the device should download and
/// upload.
#[derive(Clone, Copy, Debug)]
pub struct BaobResponse<'a> {
    value: Value<'a>,
}

impl<'a> BaobResponse<'a> {
    /// Reads the payload of SYNC_BAOB_RESPONSE.
    ///
    /// # Errors
    /// [`NgttError::InvalidFrame`] if it is not one minijson map.
    pub fn parse(payload: &'a [u8]) -> Result<Self, NgttError> {
        Ok(Self {
            value: parse(payload, Kind::Map)?,
        })
    }

    /// The names of the objects of which the server has a newer version.
    pub fn download(&self) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        names(self.value, "download")
    }

    /// The names of the objects of which the server has an older version.
    pub fn upload(&self) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        names(self.value, "upload")
    }

    /// The reply as it came.
    #[must_use]
    pub const fn value(&self) -> Value<'a> {
        self.value
    }

    /// Writes a reply to the start of `out` and returns its length.
    ///
    /// # Errors
    /// Those of [`Encoder`], when `out` is full.
    pub fn write<'n>(
        out: &mut [u8],
        download: impl ExactSizeIterator<Item = &'n str>,
        upload: impl ExactSizeIterator<Item = &'n str>,
    ) -> Result<usize, Error> {
        let mut encoder = Encoder::new(out);
        encoder.map(2)?.key("download")?.list(download.len())?;
        for name in download {
            encoder.str(name)?;
        }
        encoder.key("upload")?.list(upload.len())?;
        for name in upload {
            encoder.str(name)?;
        }
        encoder.finish().map(|payload| payload.len())
    }
}

fn names<'a>(value: Value<'a>, key: &str) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
    value
        .get(key)
        .into_iter()
        .flat_map(|list| list.items())
        .filter_map(|name| name.as_str())
}
