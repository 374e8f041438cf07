import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Look first, act second: kafka-clients, JDBC and java.net.http.
 *
 * <pre>
 * Promised:      every payment is charged, wherever the process dies.
 * Not promised:  that it is charged only once.
 * </pre>
 */
public final class Broken {

    public static void main(String[] args) throws Exception {
        var config = Environment.kafka();
        // Only the commit below moves our position.
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        // No position yet: start at the first payment.
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        // How soon we hear that the group rebalances.
        config.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 100);
        var payments = Environment.paymentApi();

        try (var consumer = new KafkaConsumer<String, String>(config);
                var db = Environment.database()) {
            var select = db.prepareStatement("SELECT 1 FROM processed WHERE msg_id = ?");
            var insert = db.prepareStatement("INSERT INTO processed (msg_id) VALUES (?)");
            consumer.subscribe(List.of(Environment.TOPIC));

            while (true) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    var payment = Payment.fromJson(record.value());

                    select.setString(1, payment.id());
                    if (!select.executeQuery().next()) {
                        payments.charge(payment);
                        insert.setString(1, payment.id());
                        insert.executeUpdate();
                    }

                    // This record alone: a commit without an offset would take the whole poll with it.
                    consumer.commitSync(Map.of(
                            new TopicPartition(record.topic(), record.partition()),
                            new OffsetAndMetadata(record.offset() + 1)));
                }
            }
        }
    }
}
