//! The file that the page opens.

use crate::client::{get_data, start};
use std::io::Cursor;
use wigwag_harness::inspector::{Options, Source};

#[tokio::test]
async fn the_file_comes_as_it_is_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a \"strange\" näme.wgwg");
    let content: Vec<u8> = (0..1_000_003_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(&path, &content).unwrap();
    let inspector = start(Options {
        file: Some(Source::open(&path).unwrap()),
        key_log: Some("CLIENT_RANDOM 00 11\n".into()),
        ..Options::default()
    })
    .await;
    let reply = get_data(&inspector, "/file").await;
    assert_eq!(reply.status, 200);
    assert!(reply.body == content);
    assert_eq!(reply.header("content-length"), Some("1000003"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(
        reply.header("content-type"),
        Some("application/octet-stream")
    );
    let disposition = "attachment; filename=\"a__strange__n__me.wgwg\"; \
                       filename*=UTF-8''a%20%22strange%22%20n%C3%A4me.wgwg";
    assert_eq!(reply.header("content-disposition"), Some(disposition));
    let state = get_data(&inspector, "/state").await;
    let state: serde_json::Value = serde_json::from_str(state.text()).unwrap();
    assert_eq!(state["file"], "a \"strange\" näme.wgwg");
    assert_eq!(
        (&state["live"], &state["key_log"]),
        (&false.into(), &true.into())
    );
    let key_log = get_data(&inspector, "/keylog").await;
    assert_eq!(key_log.text(), "CLIENT_RANDOM 00 11\n");
    // Twice, and the page may be opened again.
    assert!(get_data(&inspector, "/file").await.body == content);
    // It is gone meanwhile: an answer, not a crash.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(get_data(&inspector, "/file").await.status, 500);
}

#[tokio::test]
async fn what_can_be_read_once_is_served_as_often_as_wanted() {
    let content = vec![9; 300_000];
    let source = Source::copy("standard input", &mut Cursor::new(&content)).unwrap();
    let inspector = start(Options {
        file: Some(source),
        ..Options::default()
    })
    .await;
    for _ in 0..2 {
        assert!(get_data(&inspector, "/file").await.body == content);
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Source::open(folder.path()).is_err());
    assert!(Source::open(&folder.path().join("nothing")).is_err());
}
