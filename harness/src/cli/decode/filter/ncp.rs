//! Which NCP packets to show.

use std::str::FromStr;

use wigwag_codec::ncp::{Ident, Packet};

use super::split;

/// Terms that must all hold.
#[derive(Clone, Debug)]
pub(crate) struct NcpFilter(Vec<(Term, bool)>);

#[derive(Clone, Debug)]
enum Term {
    Type(String),
    Field(String),
    Id(u32),
}

impl NcpFilter {
    /// Whether this packet is to be shown.
    pub(crate) fn matches(&self, packet: &Packet<'_>) -> bool {
        let named =
            |ident: Ident, name: &String| ident.trimmed().eq_ignore_ascii_case(name.as_bytes());
        self.0.iter().all(|(term, equal)| {
            let same = match term {
                Term::Type(name) => named(packet.kind(), name),
                Term::Field(name) => packet.fields().any(|field| named(field.name, name)),
                Term::Id(id) => packet.header().id == *id,
            };
            same == *equal
        })
    }
}

impl FromStr for NcpFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(term)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn term(text: &str) -> Result<(Term, bool), String> {
    let (field, equal, value) = split(text)?;
    let name = || {
        Ident::new(&value.to_ascii_uppercase())
            .map(|_| value.to_owned())
            .map_err(|error| format!("`{value}` is no name: {error}"))
    };
    let term = match field {
        "type" => Term::Type(name()?),
        "field" => Term::Field(name()?),
        "id" => Term::Id(
            value
                .parse()
                .map_err(|_| format!("`{value}` is no packet id from 0 to 4294967295"))?,
        ),
        other => {
            return Err(format!(
                "no field `{other}`: there are `type`, `field` and `id`"
            ));
        }
    };
    Ok((term, equal))
}

#[cfg(test)]
mod tests {
    use wigwag_codec::ncp::packet;

    use super::*;

    fn shows(filter: &str) -> bool {
        let mut place = [0; 128];
        let wire = packet(&mut place, "DSPC").id(7).field("TIME").field("SWEP");
        let wire = wire.finish().unwrap();
        NcpFilter::from_str(filter)
            .unwrap()
            .matches(&Packet::decode(wire).unwrap())
    }

    #[test]
    fn all_terms_must_hold() {
        assert!(shows("type=DSPC,field=SWEP,id=7"));
        assert!(shows("type=dspc") && shows("field = time"));
        assert!(!shows("type=DSPC,field=NONE"));
        assert!(!shows("type!=DSPC") && !shows("field!=TIME") && !shows("id!=7"));
        assert!(shows("type!=LINK") && shows("field!=NONE") && shows("id!=8"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for wrong in ["", "type", "type=", "type=SWEEP", "id=-1", "tid=7", "id=7,"] {
            assert!(NcpFilter::from_str(wrong).is_err(), "{wrong}");
        }
    }
}
