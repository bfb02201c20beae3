//! A minijson value from its tagged form.

use serde_json::Value as Json;

use crate::cli::problem::Problem;
use crate::tagged;

pub(crate) fn write(json: &Json) -> Result<Vec<u8>, Problem> {
    Ok(tagged::encode(json)?)
}
