//! Which part of a module that is taken apart each function and constant belongs to:
//! the start, if a function of the start needs it; one of the late parts, else.

use std::collections::HashMap;

use walrus::{ExportItem, FunctionKind, Module};

use crate::links::{Links, Target};
use crate::module::calls;

/// How a module is to be taken apart. Whatever it says, the parts together do what
/// the whole did: only what is loaded when depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// The exports that have to work at once: what they need is the start.
    pub(crate) start: &'static [&'static str],
    /// What is late, even if the start may call it.
    pub(crate) late: &'static [Late],
    /// Functions, by the beginnings of their paths, that never return and only make up a
    /// message, which nobody sees: a panic ends in a trap, and JavaScript is told that
    /// there was one. They are the trap.
    pub(crate) traps: &'static [&'static str],
}

/// A part that is loaded when one of its functions is called, if not before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Late {
    /// What its file is called, without the ending.
    pub(crate) name: &'static str,
    /// Functions that belong to it, by the beginnings of their paths, and why. What only they
    /// need comes with them. The first late part has all other exports, too.
    pub(crate) paths: &'static [(&'static str, &'static str)],
}

/// The start's number. Late parts have those that follow, in their order.
pub(crate) const START: usize = 0;

/// Where everything goes.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The part of a function, by its index in the module.
    pub(crate) functions: Vec<usize>,
    /// The part of a datum, by its index in the links; none if nothing needs it.
    pub(crate) data: Vec<Option<usize>>,
    /// Whether a function is a trap, which every part has for itself.
    pub(crate) traps: Vec<bool>,
    /// Whether another part than its own may call a function by its number in the
    /// table.
    pub(crate) taken: Vec<bool>,
}

/// How the names of exports begin which the glue of every module calls.
const RUNTIME: [&str; 2] = ["__wbindgen_", "__externref_"];

/// The readable name of a function.
pub(crate) fn readable(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

/// Decides for a module and what its linker knew.
///
/// # Errors
///
/// The plan names an export or a path that the module does not have.
pub(crate) fn divide(module: &Module, links: &Links, plan: &Plan) -> Result<Parts, String> {
    let mut graph = Graph::new(module, links);
    let count = graph.calls.len();
    let mut forced = vec![None; count];
    let mut traps = vec![false; count];
    let late_paths = plan.late.iter().flat_map(|late| late.paths);
    let mut unused: Vec<&str> = late_paths.map(|(path, _)| *path).collect();
    unused.extend(plan.traps);
    for function in module.funcs.iter() {
        let name = readable(function.name.as_deref().unwrap_or_default());
        // Of a type's functions the path is the type's.
        let name = name.trim_start_matches(['<', '&']);
        let index = function.id().index();
        for path in plan.traps {
            if name.starts_with(path) {
                traps[index] = true;
                graph.calls[index].clear();
                graph.takes[index] = &[];
                unused.retain(|unused| unused != path);
            }
        }
        for (late, part) in plan.late.iter().zip(1..) {
            for (path, _) in late.paths {
                if name.starts_with(path) {
                    forced[index] = Some(part);
                    unused.retain(|unused| unused != path);
                }
            }
        }
    }
    if !unused.is_empty() {
        let unused = unused.join(", ");
        return Err(format!("no function is called {unused}: see build/plan.rs"));
    }

    let mut roots = vec![Vec::new(); plan.late.len() + 1];
    let mut missing = plan.start.to_vec();
    for export in module.exports.iter() {
        let ExportItem::Function(function) = export.item else {
            continue;
        };
        let at_once = plan.start.contains(&&*export.name)
            || RUNTIME.iter().any(|begin| export.name.starts_with(begin));
        missing.retain(|name| *name != export.name);
        if at_once {
            forced[function.index()] = None;
        }
        let part = forced[function.index()].unwrap_or(usize::from(!at_once));
        roots[part].push(function.index());
    }
    if !missing.is_empty() {
        return Err(format!(
            "there is no export {}: see build/plan.rs",
            missing.join(", ")
        ));
    }
    roots[START].extend(module.start.map(|function| function.index()));
    for (function, part) in forced.iter().enumerate() {
        roots[part.unwrap_or(START)].extend(part.map(|_| function));
    }

    let mut functions = vec![None; count];
    let mut data = vec![None; links.data.len()];
    let mut takers = vec![Vec::new(); count];
    for (part, roots) in roots.into_iter().enumerate() {
        // What has no name is taken to belong to the start.
        let nameless: &[Target] = if part == START { &links.nameless } else { &[] };
        let reached = graph.reach(roots, nameless, |function| {
            forced[function].is_none_or(|own| own == part)
                && functions[function].is_none_or(|own| own == part)
        });
        for function in 0..count {
            if reached.functions[function] {
                functions[function] = Some(part);
            }
            if reached.taken[function] {
                takers[function].push(part);
            }
        }
        for ((place, datum), reached) in data.iter_mut().zip(&links.data).zip(&reached.data) {
            if *reached && !datum.is_source_place {
                // What two late parts need has to be there before either; and what is
                // written to cannot be put in its place later.
                let own = place.is_none() && datum.is_constant;
                *place = Some(if own { part } else { START });
            }
        }
    }
    // Nothing leads to the others, so that they are in no part.
    let functions: Vec<usize> = functions.iter().map(|part| part.unwrap_or(1)).collect();
    let taken = takers.iter().zip(&functions);
    let taken = taken.map(|(takers, own)| takers.iter().any(|taker| taker != own));
    Ok(Parts {
        taken: taken.collect(),
        functions,
        traps,
        data,
    })
}

/// Who needs whom, by index.
struct Graph<'a> {
    calls: Vec<Vec<usize>>,
    takes: Vec<&'a [Target]>,
    links: &'a Links,
    named: HashMap<&'a str, Vec<usize>>,
}

/// What can be come to.
struct Reached {
    functions: Vec<bool>,
    data: Vec<bool>,
    taken: Vec<bool>,
}

impl<'a> Graph<'a> {
    fn new(module: &'a Module, links: &'a Links) -> Self {
        let count = module
            .funcs
            .iter()
            .map(|function| function.id().index() + 1);
        let count = count.max().unwrap_or(0);
        let mut graph = Self {
            calls: vec![Vec::new(); count],
            takes: vec![&[]; count],
            links,
            named: HashMap::new(),
        };
        for function in module.funcs.iter() {
            let index = function.id().index();
            if let FunctionKind::Local(local) = &function.kind {
                graph.calls[index] = calls(local);
            }
            if let Some(name) = &function.name {
                graph.named.entry(name).or_default().push(index);
                if let Some(targets) = links.functions.get(name) {
                    graph.takes[index] = targets;
                }
            }
        }
        graph
    }

    /// Everything that roots need, but for what lies behind functions that are not
    /// to be entered.
    fn reach(
        &self,
        roots: Vec<usize>,
        nameless: &[Target],
        enters: impl Fn(usize) -> bool,
    ) -> Reached {
        let mut reached = Reached {
            functions: vec![false; self.calls.len()],
            data: vec![false; self.links.data.len()],
            taken: vec![false; self.calls.len()],
        };
        let mut open = roots;
        let mut targets: Vec<&Target> = nameless.iter().collect();
        loop {
            if let Some(function) = open.pop() {
                if !reached.functions[function] && enters(function) {
                    reached.functions[function] = true;
                    open.extend(&self.calls[function]);
                    targets.extend(self.takes[function]);
                }
            } else if let Some(target) = targets.pop() {
                match target {
                    Target::Function(name) => {
                        for function in self.named.get(&**name).into_iter().flatten() {
                            reached.taken[*function] = true;
                            open.push(*function);
                        }
                    }
                    Target::Datum(datum) => {
                        if !std::mem::replace(&mut reached.data[*datum], true) {
                            targets.extend(&self.links.data[*datum].refers);
                        }
                    }
                }
            } else {
                return reached;
            }
        }
    }
}
