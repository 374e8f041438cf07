// node-postgres does a bit of everything and prints what came of it; nothing here knows of a tap.

import pg from "pg";

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
const show = (result) => console.log(result.command, result.rowCount, JSON.stringify(result.rows));
const insert = "INSERT INTO paid VALUES ($1, $2)";

await client.query("BEGIN");
show(await client.query("SELECT 1 FROM paid WHERE id = $1", ["msg-0001"]));
show(await client.query(insert, ["msg-0001", 5]));
await client.query("COMMIT");

await client.query("BEGIN");
await client.query(insert, ["msg-0001", 6]).catch((error) => console.log(error.code));
show(await client.query("COMMIT"));

const named = (id) => client.query({ name: "insert", text: insert, values: [id, 7] });
const settled = await Promise.allSettled(["msg-0002", "msg-0002", "msg-0003"].map(named));
console.log(settled.map((result) => result.reason?.code ?? result.value.rowCount).join());
const several = await client.query("SELECT 1 AS a; SELECT 'b' AS b");
several.forEach(show);
show(await client.query({ text: "SELECT $1::text[] AS a", values: [["x", null]], binary: true }));
const large = await client.query("SELECT repeat('x', 5000000) AS x FROM generate_series(1, 4)");
console.log(large.rows.map((row) => row.x.length).join());
show(await client.query("SELECT count(*) FROM paid"));
await client.end();
