//! The page as one file, `single.html`, that works from a disk: style, scripts,
//! worker and module are in it, and a place for a capture. The page's export
//! (`www/worker/out.js`) puts one there.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::together::Together;

/// Where the export puts the capture.
const PLACE: &str = "<!--capture-->";

/// Where the policy goes, which is made last.
const POLICY: &str = "<!--policy-->";

/// Makes it of the page, put together with all its modules within.
pub(crate) fn page(together: &Together, wasm: &[u8]) -> Result<String, String> {
    let app = inline(&together.app);
    let worker = inline(&together.worker);
    let style = &together.style;
    let index = &together.index;
    let mut page = String::new();
    let mut rest = &index[..];
    while let Some(at) = rest.find('<') {
        page += &rest[..at];
        rest = &rest[at..];
        let end = rest.find('>').map_or(rest.len(), |end| end + 1);
        let (tag, behind) = rest.split_at(end);
        rest = behind;
        if tag.starts_with("<link") {
            // The sheet is in the page; the icon is a file of its own.
        } else if tag.starts_with("<script") {
            // It goes to the end of the body.
            rest = rest
                .strip_prefix("</script>")
                .ok_or("a script in index.html")?;
        } else if tag.starts_with("<meta") && tag.contains("Content-Security-Policy") {
            page += POLICY;
        } else if tag == "</head>" {
            let _ = write!(page, "<style>{style}</style>{tag}");
        } else if tag == "</body>" {
            let module = packed(wasm)?;
            let _ = write!(
                page,
                "<script type=\"text/plain\" id=\"wigwag-worker\">{worker}</script>\n\
                 <script type=\"text/plain\" id=\"wigwag-wasm\">{module}</script>\n\
                 {PLACE}\n<script type=\"module\">{app}</script>\n{tag}"
            );
        } else {
            page += tag;
        }
    }
    page += rest;
    for part in [POLICY, PLACE, "<style>"] {
        if page.matches(part).count() != 1 {
            return Err(format!(
                "index.html: single.html cannot be made of it ({part})"
            ));
        }
    }
    let policy = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         script-src '{}' 'wasm-unsafe-eval'; style-src '{}'; worker-src blob:; base-uri 'none'; \
         form-action 'none'; require-trusted-types-for 'script'; trusted-types wigwag\">",
        digest(&app),
        digest(style)
    );
    Ok(page.replacen(POLICY, &policy, 1))
}

/// A script as it can stand in a page: in JavaScript these stand in texts only, and
/// mean the same there.
fn inline(script: &str) -> String {
    script
        .replace("</script", "<\\/script")
        .replace("<!--", "<\\!--")
}

fn packed(bytes: &[u8]) -> Result<String, String> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let packed = packer.write_all(bytes).and_then(|()| packer.finish());
    let packed = packed.map_err(|error| format!("gzip: {error}"))?;
    Ok(BASE64_STANDARD.encode(packed))
}

fn digest(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}
