import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * From topic to topic: every payment becomes a receipt, by Kafka Streams.
 *
 * <pre>
 * Promised:      exactly-once: a record becomes one receipt, however often it is delivered.
 *                at-least-once: a record becomes a receipt, or several.
 * Not promised:  one receipt for a payment that is produced twice: it is two records.
 * </pre>
 */
public final class Receipts {

    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) {
        var config = new Properties();
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, get("KAFKA_BOOTSTRAP_SERVERS"));
        // The group's name, too.
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, get("KAFKA_GROUP_ID"));
        config.put(StreamsConfig.CLIENT_ID_CONFIG, get("CONSUMER_ID"));
        config.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        config.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        // Receipts and offsets in one transaction, which a member that was replaced cannot commit.
        config.put(
                StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
                args[0].equals("exactly-once") ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
        // The default of exactly-once; at-least-once commits every 30 s.
        config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);

        var topology = new StreamsBuilder();
        topology.<String, String>stream(get("KAFKA_TOPIC"))
                .mapValues(Receipts::receipt)
                .to(get("KAFKA_OUTPUT_TOPIC"));

        var streams = new KafkaStreams(topology.build(), config);
        // A new thread begins at the committed offset; by default the process would stay, idle.
        streams.setUncaughtExceptionHandler(error -> StreamThreadExceptionResponse.REPLACE_THREAD);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }

    private static String receipt(String payment) {
        try {
            var paid = JSON.readTree(payment);
            return JSON.writeValueAsString(Map.of(
                    "payment", paid.get("id").asText(),
                    "order", paid.get("order_id").asText(),
                    "cents", paid.get("amount").asLong()));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(payment, e);
        }
    }

    private static String get(String name) {
        var value = System.getenv(name);
        if (value == null) {
            throw new IllegalStateException("the environment has no " + name + "; the lab sets it");
        }
        return value;
    }
}
