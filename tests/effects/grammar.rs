//! The grammar of `--effects`.

use crashwindow::effects::{Literal, SqlEffects, Watched};

fn watched(text: &str) -> Watched {
    match text.parse() {
        Ok(SqlEffects::Transition(watched)) => watched,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_transition_names_a_table_a_column_values_and_the_payments_column() {
    let text = |text: &str| Literal::Text(text.to_owned());
    let bare = |text: &str| Literal::Bare(text.to_owned());
    let cases = [
        (
            "orders.status = 'paid' BY id",
            "public",
            "orders",
            "status",
            Some(vec![text("paid")]),
            "id",
        ),
        (
            "Shop.Orders.Status='it''s' by \"Id\"",
            "shop",
            "orders",
            "status",
            Some(vec![text("it's")]),
            "Id",
        ),
        (
            "o.n IN (1, -2.5,TRUE) BY id",
            "public",
            "o",
            "n",
            Some(vec![bare("1"), bare("-2.5"), bare("true")]),
            "id",
        ),
        (
            " \"a\"\"b\".\"c.d\" IS NOT  NULL BY id ",
            "public",
            "a\"b",
            "c.d",
            None,
            "id",
        ),
        (
            "by.is = 1 BY by",
            "public",
            "by",
            "is",
            Some(vec![bare("1")]),
            "by",
        ),
    ];
    for (given, schema, table, column, values, id) in cases {
        let watched = watched(given);
        assert_eq!(watched.schema, schema, "{given}");
        assert_eq!(watched.table, table, "{given}");
        assert_eq!(watched.column, column, "{given}");
        assert_eq!(watched.values, values, "{given}");
        assert_eq!(watched.id, id, "{given}");
    }
}

#[test]
fn what_begins_like_a_query_is_one() {
    for query in [
        "SELECT msg_id FROM charges",
        "select\nmsg_id from charges",
        "WITH c AS (SELECT 1) SELECT * FROM c",
        "VALUES(1)",
        "(SELECT 1)",
        "table charges",
    ] {
        assert_eq!(query.parse(), Ok(SqlEffects::Query(query.to_owned())));
    }
    let ended = "SELECT 1 ;".parse();
    assert_eq!(ended, Ok(SqlEffects::Query("SELECT 1".to_owned())));
}

#[test]
fn what_is_printed_is_read_back() {
    for text in [
        "orders.status = 'paid' BY id",
        "shop.orders.status IN ('it''s', 2, true) BY \"Id\"",
        "\"a.b\".\"c\"\"d\" IS NOT NULL BY _id",
        "\"1st\".x = 1 BY id",
        "SELECT msg_id FROM charges",
    ] {
        let read: SqlEffects = text.parse().unwrap();
        assert_eq!(read.to_string(), text);
    }
}

#[test]
fn an_error_says_what_was_expected_and_shows_both_forms() {
    let long = format!("{}.x = 1 BY id", "t".repeat(64));
    let cases = [
        ("", "a table", "the end"),
        ("orders", "TABLE.COLUMN", "the end"),
        ("a.b.c.d = 1 BY id", "TABLE.COLUMN", "= 1 BY id"),
        ("orders. = 1 BY id", "a column", "= 1 BY id"),
        (
            "orders.status LIKE 'p%' BY id",
            "=, IN or IS NOT NULL",
            "LIKE",
        ),
        (
            "orders.status IS NULL BY id",
            "=, IN or IS NOT NULL",
            "NULL BY id",
        ),
        (
            "orders.status = paid BY id",
            "a value: 'text', a number",
            "paid BY id",
        ),
        ("orders.status = nan BY id", "a value", "nan BY id"),
        ("orders.status = 'paid", "a closing '", "'paid"),
        (
            "orders.status IN 'paid' BY id",
            "( after IN",
            "'paid' BY id",
        ),
        ("orders.status IN () BY id", "a value", ") BY id"),
        (
            "orders.status IN ('a' 'b') BY id",
            "a comma or )",
            "'b') BY id",
        ),
        ("orders.status = 'paid'", "BY and the column", "the end"),
        (
            "orders.status = 'paid' BY",
            "the column that names the payment",
            "the end",
        ),
        (
            "orders.status = 'paid' BY id; DROP TABLE x",
            "nothing more",
            "; DROP TABLE x",
        ),
        ("1orders.status = 'paid' BY id", "a table", "1orders"),
        (
            "\"orders.status = 'paid' BY id",
            "a closing \"",
            "orders.status",
        ),
        (
            "\"\".status = 'paid' BY id",
            "a table of 1 to 63 bytes",
            ".status",
        ),
        ("a\0b.c = 1 BY id", "TABLE.COLUMN", "\\0b"),
        ("a.b = 'x\0' BY id", "a closing '", "'x\\0"),
        (&long, "1 to 63 bytes", ".x = 1 BY id"),
    ];
    for (given, expected, found) in cases {
        let error = given.parse::<SqlEffects>().unwrap_err().to_string();
        assert!(error.starts_with("expected "), "{given}: {error}");
        assert!(error.contains(expected), "{given}: {error}");
        assert!(error.contains(found), "{given}: {error}");
        assert!(error.contains("SELECT msg_id FROM charges"), "{error}");
        assert!(error.contains("orders.status = 'paid' BY id"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
