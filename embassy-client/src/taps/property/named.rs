//! Enumerations with a name for each value: `ALL`, `name`, `Display`,
//! `FromStr`.

/// Makes an enumeration whose values have names. `$parse` compares a text with
/// a name.
macro_rules! named {
    (
        $(#[$meta:meta])*
        pub enum $name:ident: $parse:path, $unknown:literal {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)*
        }

        impl $name {
            /// Every value, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name, as RFC 9622 writes it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.name())
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::taps::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|value| $parse(text, value.name()))
                    .ok_or($crate::taps::UnknownName::new($unknown))
            }
        }
    };
}

pub(crate) use named;

/// Whether a text is the name of a property: case does not matter (RFC 9622
/// section 4.1).
pub(crate) fn same_name(text: &str, name: &str) -> bool {
    text.eq_ignore_ascii_case(name)
}

/// Whether a text is the name of a value: neither case nor what stands between
/// the words matters, so that `No Preference`, `noPreference` and
/// `NO_PREFERENCE` are one.
pub(crate) fn same_value(text: &str, name: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        text.bytes()
            .filter(|byte| !matches!(byte, b' ' | b'-' | b'_' | b'/'))
            .map(|byte| byte.to_ascii_lowercase())
    }
    letters(text).eq(letters(name))
}
