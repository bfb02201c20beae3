use super::*;

fn raw(text: &str) -> Result<&str, JsonError> {
    let mut reader = Reader::new(text);
    let raw = reader.raw()?;
    reader.finish()?;
    Ok(raw)
}

#[test]
fn takes_what_the_rfc_allows() {
    for text in [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "10",
        "-1.5e+10",
        "1E5",
        "1e-5",
        "\"\"",
        "[]",
        "{}",
        "[1,[2,{\"a\":[]}],null]",
        "{\"\":{\"b\":\"\\u00e9\\n\"}}",
        "[ 1 , 2 ]",
    ] {
        assert_eq!(raw(&format!(" {text}\n")), Ok(text));
    }
}

#[test]
fn refuses_the_rest_at_its_place() {
    for (text, position) in [
        ("", 0),
        ("nul", 0),
        ("01", 0),
        ("1.", 0),
        ("1e", 0),
        ("-", 0),
        ("+1", 0),
        (".5", 0),
        ("\"a", 2),
        ("\"\n\"", 1),
        ("\"\\x\"", 1),
        ("\"\\u12g4\"", 1),
        ("\"\\", 1),
        ("\"\\ud800\"", 1),
        ("\"\\ud800\\u0041\"", 1),
        ("\"\\udc00\"", 1),
        ("[1", 2),
        ("[1,]", 3),
        ("[,1]", 1),
        ("{\"a\"}", 4),
        ("{\"a\":}", 5),
        ("{a:1}", 1),
        ("{\"a\":1,}", 7),
        ("[1}", 2),
        ("1 2", 2),
        ("nullx", 4),
        ("NaN", 0),
        ("'a'", 0),
        ("\"\\ué000\"", 1),
    ] {
        assert_eq!(raw(text).unwrap_err().position, position, "{text}");
    }
}

#[test]
fn resolves_escapes_and_makes_them() {
    let text = r#""a\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00""#;
    let string = Reader::new(text).string().unwrap();
    assert_eq!(string, "a\"\\/\u{8}\u{c}\n\r\té\u{e9}😀");
    let mut quoted = String::new();
    quote("a\"\\/\u{8}\u{1f}\n\r\té😀", &mut quoted);
    assert_eq!(quoted, "\"a\\\"\\\\/\\u0008\\u001f\\n\\r\\té😀\"");
    assert_eq!(
        Reader::new(&quoted).string().unwrap(),
        "a\"\\/\u{8}\u{1f}\n\r\té😀"
    );
    assert!(matches!(
        Reader::new("\"plain\"").string(),
        Ok(Cow::Borrowed("plain"))
    ));
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(raw(&nested(MAX_DEPTH)).is_ok());
    let error = raw(&nested(MAX_DEPTH + 1)).unwrap_err();
    assert_eq!(
        (error.position, error.message.as_ref()),
        (MAX_DEPTH, "nested too deeply")
    );
    assert!(raw(&"{\"a\":".repeat(1_000_000)).is_err());
    // Siblings are not nested.
    assert!(raw(&format!("[{}1]", "[[]],{\"a\":{}},".repeat(1000))).is_ok());
}

#[test]
fn every_cut_of_a_text_is_refused_and_never_panics() {
    let text = "{\"a\\u00e9é\":[1.5e3,true,null,\"😀\"],\"b\":{}}";
    assert!(raw(text).is_ok());
    for (cut, _) in text.char_indices() {
        assert!(raw(&text[..cut]).is_err(), "{cut}");
    }
}
