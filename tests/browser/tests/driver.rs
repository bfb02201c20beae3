//! What drives the browser sees what it should: else no other test here says
//! anything.

use wigwag_browser_tests::{Keys, Setup, in_browser};
use wigwag_runner::Suite;
use wigwag_runner::tools::CHROMIUM;

fn main() {
    Suite::new()
        .test("what_is_typed_arrives", &[CHROMIUM], || {
            in_browser(Setup::default(), async |browser| {
                let tab = browser.open("data:text/html,<input autofocus>").await?;
                tab.until("document.activeElement.tagName == 'INPUT'")
                    .await?;
                tab.press("a", Keys::default()).await?;
                tab.write("bc").await?;
                tab.until("document.activeElement.value == 'abc'").await
            })
        })
        .test("complaints_of_a_page_are_noticed", &[CHROMIUM], || {
            for page in [
                "<script>console.error('wrong')</script>",
                "<script>throw 'wrong'</script>",
                "<script>Promise.reject('wrong')</script>",
                "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">\
                 <script>1</script>",
            ] {
                let outcome = in_browser(Setup::default(), async |browser| {
                    let address = format!("data:text/html,{page}");
                    browser.open(&address).await?;
                    wigwag_browser_tests::until(page, async || {
                        Ok((!browser.complaints().is_empty()).then_some(()))
                    })
                    .await
                });
                if outcome.is_ok() {
                    return Err(format!("not noticed: {page}").into());
                }
            }
            Ok(())
        })
        .run();
}
