//! Which of a network's paths fit, in which order: the first branching of
//! RFC 9623 section 4.1. It comes before the choice of a protocol stack, so
//! what is said about interfaces outweighs what is said about protocols.

use core::fmt;

use super::property::{Interface, InterfaceType, Preference, Pvd, TransportProperties};
use crate::net::PathId;

/// Most paths one plan looks at.
pub const MAX_PATHS: usize = 8;

/// What the application knows about one path of its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PathInfo {
    /// Which path it is.
    pub id: PathId,
    /// The kind of link.
    pub kind: InterfaceType,
    /// The provisioning domain it belongs to, if that matters.
    pub pvd: Option<Pvd>,
}

impl PathInfo {
    /// A path of a kind, in no particular provisioning domain.
    #[must_use]
    pub const fn new(id: PathId, kind: InterfaceType) -> Self {
        Self {
            id,
            kind,
            pvd: None,
        }
    }

    /// In a provisioning domain.
    #[must_use]
    pub const fn with_pvd(mut self, pvd: Pvd) -> Self {
        self.pvd = Some(pvd);
        self
    }
}

/// The paths that fit, best first; one at least.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PathPlan {
    paths: [PathId; MAX_PATHS],
    length: usize,
}

impl PathPlan {
    /// All of them, best first.
    #[must_use]
    pub const fn paths(&self) -> &[PathId] {
        match self.paths.split_at_checked(self.length) {
            Some((paths, _)) => paths,
            None => &self.paths,
        }
    }
}

impl fmt::Debug for PathPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.paths()).finish()
    }
}

/// Why no path fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NoPath {
    /// The list of paths is empty.
    NoPaths,
    /// The list has more than [`MAX_PATHS`].
    TooManyPaths,
    /// No path is of an interface that is required, or all are of one that is
    /// prohibited.
    Interface(Preference),
    /// No path is in a provisioning domain that is required, or all are in one
    /// that is prohibited.
    Pvd(Preference),
}

impl fmt::Display for NoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPaths => f.write_str("no path fits: the list of paths is empty"),
            Self::TooManyPaths => write!(
                f,
                "no path fits: the list of paths has more than {MAX_PATHS}"
            ),
            Self::Interface(preference) => write!(f, "no path fits: interface={preference}"),
            Self::Pvd(preference) => write!(f, "no path fits: pvd={preference}"),
        }
    }
}

impl core::error::Error for NoPath {}

/// Why `path` does not fit, if it does not.
#[must_use]
pub const fn examine_path(properties: &TransportProperties, path: &PathInfo) -> Option<NoPath> {
    let interface = Interface::bits_of(path.id, path.kind);
    let pvd = Pvd::bits_of(path.pvd);
    let (interfaces, domains) = (properties.interfaces, properties.domains);
    if interfaces.prohibit & interface != 0 {
        Some(NoPath::Interface(Preference::Prohibit))
    } else if interfaces.require != 0 && interfaces.require & interface == 0 {
        Some(NoPath::Interface(Preference::Require))
    } else if domains.prohibit & pvd != 0 {
        Some(NoPath::Pvd(Preference::Prohibit))
    } else if domains.require != 0 && domains.require & pvd == 0 {
        Some(NoPath::Pvd(Preference::Require))
    } else {
        None
    }
}

/// The paths of the list that fit, best first: what is prohibited falls out,
/// and what is not among the required; the rest is sorted by what is preferred,
/// then by what is to be avoided, then as the list has it.
///
/// ```
/// use wigwag_embassy::net::PathId;
/// use wigwag_embassy::taps::{
///     Interface, InterfaceType, PathInfo, Preference, TransportProperties, plan_paths,
/// };
///
/// let paths = [
///     PathInfo::new(PathId(0), InterfaceType::Cellular),
///     PathInfo::new(PathId(1), InterfaceType::Wired),
/// ];
/// let properties = TransportProperties::DEFAULT
///     .interface(Interface::Type(InterfaceType::Cellular), Preference::Avoid);
/// let plan = plan_paths(&properties, &paths)?;
/// assert_eq!(plan.paths(), [PathId(1), PathId(0)]);
/// # Ok::<(), wigwag_embassy::taps::NoPath>(())
/// ```
///
/// # Errors
/// [`NoPath`], for the first path of the list when there are several reasons.
pub const fn plan_paths(
    properties: &TransportProperties,
    paths: &[PathInfo],
) -> Result<PathPlan, NoPath> {
    if paths.is_empty() {
        return Err(NoPath::NoPaths);
    }
    if paths.len() > MAX_PATHS {
        return Err(NoPath::TooManyPaths);
    }
    let mut found = PathPlan {
        paths: [PathId(0); MAX_PATHS],
        length: 0,
    };
    let mut scores = [0; MAX_PATHS];
    let mut reason = None;
    let mut index = 0;
    while index < paths.len() {
        let path = &paths[index];
        match examine_path(properties, path) {
            Some(why) => {
                if reason.is_none() {
                    reason = Some(why);
                }
            }
            None => {
                let score = score(properties, path);
                let mut place = found.length;
                while place > 0 && scores[place - 1] < score {
                    scores[place] = scores[place - 1];
                    found.paths[place] = found.paths[place - 1];
                    place -= 1;
                }
                scores[place] = score;
                found.paths[place] = path.id;
                found.length += 1;
            }
        }
        index += 1;
    }
    match reason {
        Some(reason) if found.length == 0 => Err(reason),
        _ => Ok(found),
    }
}

/// How well a path fits; more is better. A path has one kind, one number and
/// one domain, so a count is 3 at most.
const fn score(properties: &TransportProperties, path: &PathInfo) -> u32 {
    let interface = Interface::bits_of(path.id, path.kind);
    let pvd = Pvd::bits_of(path.pvd);
    let (interfaces, domains) = (properties.interfaces, properties.domains);
    let prefer = (interfaces.prefer & interface).count_ones() + (domains.prefer & pvd).count_ones();
    let avoid = (interfaces.avoid & interface).count_ones() + (domains.avoid & pvd).count_ones();
    prefer << 4 | (3 - avoid)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use InterfaceType::{Cellular, Wifi, Wired};
    use Preference::{Avoid, Prefer, Prohibit, Require};

    const CELLULAR: PathInfo = PathInfo::new(PathId(0), Cellular);
    const WIRED: PathInfo = PathInfo::new(PathId(1), Wired).with_pvd(Pvd(7));
    const WIFI: PathInfo = PathInfo::new(PathId(2), Wifi);
    const ALL: [PathInfo; 3] = [CELLULAR, WIRED, WIFI];

    fn order(properties: TransportProperties) -> Result<Vec<u8>, NoPath> {
        plan_paths(&properties, &ALL).map(|plan| plan.paths().iter().map(|path| path.0).collect())
    }

    #[test]
    fn interfaces_are_filtered_and_ranked() {
        let any = TransportProperties::DEFAULT;
        let of = |kind, preference| any.interface(Interface::Type(kind), preference);
        assert_eq!(order(any), Ok(std::vec![0, 1, 2]));
        assert_eq!(order(of(Wifi, Prefer)), Ok(std::vec![2, 0, 1]));
        assert_eq!(order(of(Cellular, Avoid)), Ok(std::vec![1, 2, 0]));
        assert_eq!(order(of(Cellular, Prohibit)), Ok(std::vec![1, 2]));
        assert_eq!(order(of(Wired, Require)), Ok(std::vec![1]));
        // Any of those that are required.
        let two = of(Wired, Require).interface(Interface::Path(PathId(2)), Require);
        assert_eq!(order(two), Ok(std::vec![1, 2]));
        // Preference before avoidance.
        let both = of(Wifi, Prefer).interface(Interface::Path(PathId(2)), Avoid);
        assert_eq!(order(both), Ok(std::vec![2, 0, 1]));
    }

    #[test]
    fn domains_are_filtered_and_ranked() {
        let any = TransportProperties::DEFAULT;
        assert_eq!(order(any.pvd(Pvd(7), Prefer)), Ok(std::vec![1, 0, 2]));
        assert_eq!(order(any.pvd(Pvd(7), Avoid)), Ok(std::vec![0, 2, 1]));
        assert_eq!(order(any.pvd(Pvd(7), Require)), Ok(std::vec![1]));
        assert_eq!(order(any.pvd(Pvd(7), Prohibit)), Ok(std::vec![0, 2]));
        assert_eq!(order(any.pvd(Pvd(8), Require)), Err(NoPath::Pvd(Require)));
    }

    #[test]
    fn what_no_path_has_leaves_none() {
        let any = TransportProperties::DEFAULT;
        for beyond in [3, 22, 23, 200, 255] {
            let required = any.interface(Interface::Path(PathId(beyond)), Require);
            assert_eq!(order(required), Err(NoPath::Interface(Require)));
            let prohibited = any.interface(Interface::Path(PathId(beyond)), Prohibit);
            assert_eq!(order(prohibited), Ok(std::vec![0, 1, 2]));
        }
        // Even a path with such a number is not meant.
        let far = [PathInfo::new(PathId(200), Wired)];
        let required = any.interface(Interface::Path(PathId(200)), Require);
        assert_eq!(plan_paths(&required, &far), Err(NoPath::Interface(Require)));
        let none = [Wired, Wifi, Cellular].iter().fold(any, |all, kind| {
            all.interface(Interface::Type(*kind), Prohibit)
        });
        assert_eq!(order(none), Err(NoPath::Interface(Prohibit)));
    }

    #[test]
    fn a_list_that_is_empty_or_too_long_is_refused() {
        let any = TransportProperties::DEFAULT;
        assert_eq!(plan_paths(&any, &[]), Err(NoPath::NoPaths));
        assert_eq!(
            plan_paths(&any, &[WIRED; MAX_PATHS + 1]),
            Err(NoPath::TooManyPaths)
        );
        let most = plan_paths(&any, &[WIRED; MAX_PATHS]).unwrap();
        assert_eq!(most.paths().len(), MAX_PATHS);
    }
}
