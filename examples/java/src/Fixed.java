import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Claim first, act inside the claim: kafka-clients, JDBC and java.net.http.
 *
 * <pre>
 * Promised:      every payment is charged, and the customer is charged once.
 * Not promised:  that a frozen instance cannot hold up its successor: it holds the row lock.
 * </pre>
 */
public final class Fixed {

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
            db.setAutoCommit(false); // the claim is not seen to be ours before the customer is charged
            var claim = db.prepareStatement(
                    "INSERT INTO processed (msg_id) VALUES (?) ON CONFLICT DO NOTHING");
            consumer.subscribe(List.of(Environment.TOPIC));

            while (true) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    var payment = Payment.fromJson(record.value());

                    claim.setString(1, payment.id());
                    if (claim.executeUpdate() == 1) {
                        payments.charge(payment, payment.id());
                    }
                    db.commit();

                    // This record alone: a commit without an offset would take the whole poll with it.
                    consumer.commitSync(Map.of(
                            new TopicPartition(record.topic(), record.partition()),
                            new OffsetAndMetadata(record.offset() + 1)));
                }
            }
        }
    }
}
