//! From the compiled browser crate to what a browser loads: a WebAssembly module,
//! the JavaScript that carries values in and out of it, and TypeScript declarations.
//!
//! wasm-bindgen's generator runs as a library, of the version that the crate was
//! compiled with: no tool has to be installed and none can be of another version.

use wasm_bindgen_cli_support::Bindgen;

/// How the JavaScript is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As an ES module, `import`ed by pages, workers, bundlers and Node.
    Module,
    /// As a script that sets the variable `wasm_bindgen`: for pages that are one
    /// file, whose parts cannot import each other.
    Script,
    /// As that script, for a module that is taken apart: it has its names, and the
    /// script asks `withParts` (`www/worker/parts.js`) for more to import.
    Parts,
}

/// Where a script gets what its module imports.
const IMPORTS: &str = "const imports = __wbg_get_imports();";

/// What the generator makes of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bindings {
    /// The JavaScript.
    pub(crate) glue: String,
    /// The TypeScript declarations of what it exports.
    pub(crate) types: String,
    /// The module to load with it. Modules of different [`Form`]s differ.
    pub(crate) wasm: Vec<u8>,
}

/// Makes the bindings of a compiled module. The JavaScript expects the module
/// beside it under the name `<name>_bg.wasm`, unless it is given another.
///
/// # Errors
///
/// The module was not made by wasm-bindgen of this version, or is no module.
pub(crate) fn generate(module: &[u8], name: &str, form: Form) -> Result<Bindings, String> {
    bind(module, name, form).map_err(|error| format!("bindings of {name}: {error:#}"))
}

fn bind(
    module: &[u8],
    name: &str,
    form: Form,
) -> Result<Bindings, Box<dyn std::error::Error + Send + Sync>> {
    let mut generator = Bindgen::new();
    generator.input_bytes(name, module.to_vec());
    match form {
        Form::Module => generator.web(true)?,
        Form::Script | Form::Parts => generator.no_modules(true)?,
    };
    let with_parts = form == Form::Parts;
    let mut output = generator
        .typescript(true)
        .omit_default_module_path(false)
        .remove_name_section(!with_parts)
        .demangle(false)
        .remove_producers_section(true)
        .generate_output()?;
    // What the linker wrote for `links`.
    let customs = &mut output.wasm_mut().customs;
    let linkers = customs
        .iter()
        .filter(|(_, section)| section.name() == "linking" || section.name().starts_with("reloc."));
    let linkers: Vec<_> = linkers.map(|(id, _)| id).collect();
    for id in linkers {
        customs.delete(id);
    }
    let mut glue = output.js().to_owned();
    if with_parts {
        if glue.matches(IMPORTS).count() != 2 {
            return Err("the script does not get its imports where it did".into());
        }
        glue = glue.replace(IMPORTS, "const imports = withParts(__wbg_get_imports());");
    }
    Ok(Bindings {
        glue,
        types: output.ts().unwrap_or_default().to_owned(),
        wasm: output.wasm_mut().emit_wasm(),
    })
}
