-- The audit of transitions. Everything stands in a schema of its own: migration tools refuse to
-- start in a `public` that is not empty, and no search_path of the consumer leads here. The
-- functions run as their owner with a search_path of their own, so that neither a consumer's role
-- nor a function or operator of its own that is named like Postgres' can change what they do.

CREATE SCHEMA crashwindow;

-- Every row version that was given the watched value. It has no sequence, because a trigger that
-- draws from one changes what the consumer's lastval() returns; and no index, so that it can never
-- make a serializable transaction of the consumer fail.
CREATE TABLE crashwindow.audit (
    payment   text,
    at        timestamptz NOT NULL,
    txid      bigint      NOT NULL,
    operation text        NOT NULL,
    was       text,
    "is"      text,
    repeat    boolean     NOT NULL
);

-- The one row says what is watched. `condition` is what follows the column, with quoted literals.
CREATE TABLE crashwindow.watch (
    schema_name text NOT NULL,
    table_name  text NOT NULL,
    column_name text NOT NULL,
    condition   text NOT NULL,
    id_name     text NOT NULL
);

-- Arguments: the id column, the watched column, whether the row had the value before.
CREATE FUNCTION crashwindow.record() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- An UPDATE that moves a row to another partition arrives there as an INSERT; the UPDATE has
    -- been recorded already, if it assigned the column.
    IF TG_OP = 'INSERT' AND current_setting('crashwindow.statement', true) = 'UPDATE' THEN
        RETURN NEW;
    END IF;
    INSERT INTO crashwindow.audit (payment, at, txid, operation, was, "is", repeat)
    VALUES (
        to_jsonb(NEW) ->> TG_ARGV[0],
        clock_timestamp(),
        txid_current(),
        TG_OP,
        CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) ->> TG_ARGV[1] END,
        to_jsonb(NEW) ->> TG_ARGV[1],
        TG_ARGV[2]::boolean
    );
    RETURN NEW;
END $$;

-- Says which statement is under way on a partitioned table. INSERT … ON CONFLICT DO UPDATE begins
-- as an INSERT and then as an UPDATE: it inserts, and Postgres lets it move nothing.
CREATE FUNCTION crashwindow.statement() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_WHEN = 'AFTER' THEN
        PERFORM set_config('crashwindow.statement', '', true);
    ELSIF coalesce(current_setting('crashwindow.statement', true), '') = '' THEN
        PERFORM set_config('crashwindow.statement', TG_OP, true);
    END IF;
    RETURN NULL;
END $$;

-- Removes the triggers: Postgres refuses to change or drop a column that a trigger names.
CREATE FUNCTION crashwindow.detach() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET client_min_messages = error AS $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT t.tgname, t.tgrelid::regclass AS relation
        FROM pg_trigger t
        JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE p.pronamespace = 'crashwindow'::regnamespace AND t.tgparentid = 0
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.relation);
    END LOOP;
END $$;

-- Whether the watched table has its triggers; makes them, if the table is there without them.
CREATE FUNCTION crashwindow.attach() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET client_min_messages = error
SET standard_conforming_strings = on AS $$
DECLARE
    watch     crashwindow.watch;
    relation  regclass;
    kind      "char";
    present   bigint;
    moment    text := 'AFTER';
    new_holds text;
    old_holds text;
    name      text;
BEGIN
    SELECT * INTO STRICT watch FROM crashwindow.watch;
    SELECT c.oid, c.relkind INTO relation, kind
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = watch.schema_name AND c.relname = watch.table_name
        AND c.relkind IN ('r', 'p', 'v', 'm', 'f');
    IF relation IS NULL THEN
        RETURN false;
    END IF;
    SELECT count(*) INTO present
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = relation AND p.pronamespace = 'crashwindow'::regnamespace
        AND t.tgenabled = 'A';
    IF present = (CASE kind WHEN 'p' THEN 5 ELSE 3 END) THEN
        RETURN true;
    END IF;
    PERFORM set_config('crashwindow.busy', 'yes', true);
    PERFORM crashwindow.detach();

    new_holds := format('NEW.%I %s', watch.column_name, watch.condition);
    old_holds := format('OLD.%I %s', watch.column_name, watch.condition);
    -- Names a column that is not there before any payment finds out.
    EXECUTE format('SELECT %I FROM %s LIMIT 0', watch.id_name, relation);
    IF kind = 'p' THEN
        -- AFTER UPDATE does not fire for a row that moves to another partition; BEFORE does. Their
        -- names let them be the last to fire, when the row is as it will be.
        moment := 'BEFORE';
        FOREACH name IN ARRAY ARRAY['BEFORE', 'AFTER'] LOOP
            EXECUTE format(
                'CREATE TRIGGER %I %s INSERT OR UPDATE ON %s FOR EACH STATEMENT
                 EXECUTE FUNCTION crashwindow.statement()',
                'zzz_crashwindow_' || lower(name), name, relation);
        END LOOP;
    END IF;
    EXECUTE format(
        'CREATE TRIGGER zzz_crashwindow_inserted AFTER INSERT ON %s
         FOR EACH ROW WHEN (%s) EXECUTE FUNCTION crashwindow.record(%L, %L, false)',
        relation, new_holds, watch.id_name, watch.column_name);
    EXECUTE format(
        'CREATE TRIGGER zzz_crashwindow_updated %s UPDATE OF %I ON %s
         FOR EACH ROW WHEN (%s AND (%s) IS NOT TRUE)
         EXECUTE FUNCTION crashwindow.record(%L, %L, false)',
        moment, watch.column_name, relation, new_holds, old_holds,
        watch.id_name, watch.column_name);
    EXECUTE format(
        'CREATE TRIGGER zzz_crashwindow_repeated %s UPDATE OF %I ON %s
         FOR EACH ROW WHEN (%s AND %s)
         EXECUTE FUNCTION crashwindow.record(%L, %L, true)',
        moment, watch.column_name, relation, new_holds, old_holds,
        watch.id_name, watch.column_name);
    -- Also in a session that has switched ordinary triggers off (session_replication_role).
    FOR name IN
        SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE t.tgrelid = relation AND p.pronamespace = 'crashwindow'::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation, name);
    END LOOP;
    PERFORM set_config('crashwindow.busy', '', true);
    RETURN true;
END $$;

-- The consumer's own DDL: its ALTER TABLE finds no trigger in its way, and whatever table it has
-- made or changed is watched before it can write to it. What fails here is found out when effects
-- are counted; the consumer's statement goes on. The price: an ALTER TABLE of any table locks the
-- watched one until its transaction ends, because which table it is about is not known in time.
CREATE FUNCTION crashwindow.on_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- The DDL of attach() and detach() comes here too.
    IF current_setting('crashwindow.busy', true) = 'yes' THEN
        RETURN;
    END IF;
    BEGIN
        PERFORM set_config('crashwindow.busy', 'yes', true);
        IF TG_EVENT = 'ddl_command_start' THEN
            PERFORM crashwindow.detach();
        ELSE
            PERFORM crashwindow.attach();
        END IF;
        PERFORM set_config('crashwindow.busy', '', true);
    EXCEPTION WHEN OTHERS THEN
        RETURN;
    END;
END $$;
