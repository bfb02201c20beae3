//! How much an application wants a property.

use super::named::{named, same_value};

named! {
    /// How much an application wants a property (RFC 9622 section 6.2).
    ///
    /// The text form takes any case and any of space, `-`, `_` and nothing
    /// between the words.
    ///
    /// ```
    /// use wigwag_embassy::taps::Preference;
    ///
    /// assert_eq!("noPreference".parse(), Ok(Preference::NoPreference));
    /// assert_eq!(Preference::NoPreference.to_string(), "No Preference");
    /// ```
    pub enum Preference: same_value, "preference level" {
        /// Only stacks and paths that have it.
        Require = "Require",
        /// Rather those that have it.
        Prefer = "Prefer",
        /// It does not matter.
        NoPreference = "No Preference",
        /// Rather those that do not have it; decides between equals only.
        Avoid = "Avoid",
        /// Only stacks and paths that do not have it, or can leave it off.
        Prohibit = "Prohibit",
    }
}
