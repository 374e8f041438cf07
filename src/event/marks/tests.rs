//! What a tap finds in what the lab, a consumer and other runs write.

use super::*;

fn found(bytes: &[u8]) -> Vec<String> {
    Marks::default().subjects_in(bytes)
}

#[test]
fn what_the_lab_writes_is_what_a_tap_finds() {
    for number in [1, 17, 9_999, 10_000, 1_234_567] {
        let id = message_id(number);
        let text = format!("charge-{id}-k3f9-retry");
        let named = Marks::default().message_in(&text);
        assert_eq!(named, Some(id.clone()));
        assert_eq!(found(text.as_bytes()), [id.as_str()]);
        let order = format!("SET paid WHERE id = '{}-k3f9'", order_id(number));
        assert_eq!(found(order.as_bytes()), [id]);
    }
    assert_eq!(message_id(17), "msg-0017");
}

#[test]
fn every_id_of_a_request_is_found_once_and_in_its_order() {
    let rows = b"('msg-0002', 'order-0002'), ('msg-0001', 1), ('order-0003', 2)";
    assert_eq!(found(rows), ["msg-0002", "msg-0001", "msg-0003"]);
    assert_eq!(
        found("f\u{fc}r \0\0Amsg-0017\u{fc}".as_bytes()),
        ["msg-0017"]
    );
    assert_eq!(found(b"msg-12 msg-msg-0017"), ["msg-0017"]);
}

#[test]
fn what_only_looks_like_an_id_names_nothing() {
    for text in [
        "msg-017",
        "msg-",
        "msg 0017",
        "",
        "order-17",
        "order-99999999999",
        "msg-00017",
    ] {
        assert_eq!(found(text.as_bytes()), [""; 0], "{text}");
    }
    assert_eq!(Marks::default().message_by_order_in("order-17"), None);
}

#[test]
fn an_id_is_found_in_hex_and_in_base64_wherever_it_begins() {
    // Written by `printf msg-0017-k3f9 | xxd -p` and by `base64` behind none, one and two bytes.
    let encoded: [&[u8]; 8] = [
        b"6d73672d303031372d6b336639",
        b"\\x6D73672D30303137",
        b"bXNnLTAwMTctazNmOQ==",
        b"{\"body\": \"eG1zZy0wMDE3LWszZjk=\"}",
        b"//9tc2ctMDAxNy1rM2Y5",
        b"b3JkZXItMDAxNy1rM2Y5",
        b"/29yZGVyLTAwMTctazNmOQ==",
        b"eHhvcmRlci0wMDE3LWszZjk=",
    ];
    for text in encoded {
        let shown = String::from_utf8_lossy(text);
        assert_eq!(found(text), ["msg-0017"], "{shown}");
    }
    assert_eq!(found(b"6d73672d3030"), [""; 0]);
}

#[test]
fn coordinates_name_the_message_that_is_there() {
    let marks = Marks::of_run("crashwindow-0007-abc", "group-1", "");
    marks.place("crashwindow-0007-abc", 0, 17, "msg-0004");
    marks.place("another", 0, 18, "msg-0005");
    let written = [
        "crashwindow-0007-abc-0-17",
        "crashwindow-0007-abc[0]@17",
        "{\"id\": \"crashwindow-0007-abc:0:17\"}",
        "crashwindow-0007-abc-0-group-1-17",
    ];
    for text in written {
        assert_eq!(marks.subjects_in(text.as_bytes()), ["msg-0004"], "{text}");
    }
    for text in [
        "crashwindow-0007-abc-0-1",
        "crashwindow-0007-abc-0-18",
        "crashwindow-0007-abc",
    ] {
        assert_eq!(marks.subjects_in(text.as_bytes()), [""; 0], "{text}");
    }
}

fn of_k3f9(bytes: &[u8]) -> Vec<String> {
    let marks = Marks::of_run("crashwindow-0007-k3f9xx", "group-1", "k3f9xx");
    marks.subjects_in(bytes)
}

#[test]
fn an_id_is_a_runs_own_by_its_word() {
    // Written by `printf order-0017-k3f9xx | xxd -p` and by `base64` behind none, one and two
    // bytes.
    let own: [&[u8]; 11] = [
        b"charge-msg-0017-k3f9xx",
        b"order-0017-k3f9xx-retry",
        b"left by msg-0018-zzzzzz: msg-0017-k3f9xx",
        b"6d73672d303031372d6b3366397878",
        b"\\x6F726465722D303031372D6B336639787800",
        b"bXNnLTAwMTctazNmOXh4",
        b"eG1zZy0wMDE3LWszZjl4eA==",
        b"eHhtc2ctMDAxNy1rM2Y5eHg=",
        b"b3JkZXItMDAxNy1rM2Y5eHg=",
        b"eG9yZGVyLTAwMTctazNmOXh4",
        b"eHhvcmRlci0wMDE3LWszZjl4eA==",
    ];
    for text in own {
        let shown = String::from_utf8_lossy(text);
        assert_eq!(of_k3f9(text), ["msg-0017"], "{shown}");
    }
    let longest = format!("order-{}-k3f9xx", u32::MAX);
    let hex: String = longest.bytes().map(|b| format!("{b:02x}")).collect();
    assert_eq!(of_k3f9(hex.as_bytes()), [message_id(u32::MAX)]);
}

#[test]
fn what_another_run_or_the_consumer_wrote_is_nobodys() {
    let strangers: [&[u8]; 10] = [
        b"msg-0017-zzzzzz",
        b"msg-0017",
        b"msg-0017k3f9xx",
        b"order-20240017",
        b"order-20240017-k3f9",
        b"order-0017 k3f9xx",
        // `msg-0017-zzzzzz` and `order-0017`.
        b"6d73672d303031372d7a7a7a7a7a7a",
        b"bXNnLTAwMTctenp6enp6",
        b"eG1zZy0wMDE3LXp6enp6eg==",
        b"b3JkZXItMDAxNw==",
    ];
    for text in strangers {
        let shown = String::from_utf8_lossy(text);
        assert_eq!(of_k3f9(text), [""; 0], "{shown}");
    }
}

#[test]
fn two_ids_in_one_encoded_text_are_both_found() {
    // `order-0017-k3f9xx,msg-0018-k3f9xx`.
    let hex = b"6f726465722d303031372d6b3366397878\
        2c6d73672d303031382d6b3366397878";
    assert_eq!(of_k3f9(hex), ["msg-0017", "msg-0018"]);
    let base64 = b"b3JkZXItMDAxNy1rM2Y5eHgsbXNnLTAwMTgtazNmOXh4";
    assert_eq!(of_k3f9(base64), ["msg-0017", "msg-0018"]);
}

#[test]
fn a_stranger_is_never_called_what_a_message_is() {
    let marks = Marks::of_run("t", "g", "k3f9xx");
    assert_eq!(marks.stranger("msg-0017-zzzzzz"), "msg-0017-zzzzzz");
    assert_eq!(marks.stranger("p-9"), "p-9");
    assert_ne!(marks.stranger("msg-0017"), "msg-0017");
    assert_eq!(Marks::off().stranger("msg-0017"), "msg-0017");
}

#[test]
fn a_row_of_coordinates_says_something_only_where_no_id_does() {
    let marks = Marks::of_run("topic-1", "group-1", "k3f9xx");
    marks.place("topic-1", 0, 18, "msg-0018");
    let row = "INSERT INTO offsets VALUES ('topic-1', 0, 18)";
    assert_eq!(marks.found_in(row.as_bytes()).placed, ["msg-0018"]);
    assert_eq!(marks.subjects_in(row.as_bytes()), ["msg-0018"]);
    let both = format!("UPDATE o SET paid WHERE id = 'order-0017-k3f9xx'; {row}");
    assert_eq!(marks.subjects_in(both.as_bytes()), ["msg-0017"]);
    let as_id = "('topic-1-0-18', 'order-0017-k3f9xx')";
    assert_eq!(
        marks.subjects_in(as_id.as_bytes()),
        ["msg-0018", "msg-0017"]
    );
}
