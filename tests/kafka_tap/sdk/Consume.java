import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Produces ten payments with each codec that is named, then consumes ten for each, commits them, and prints where they were. */
public class Consume {
    public static void main(String[] args) throws Exception {
        String topic = System.getenv("KAFKA_TOPIC");
        Properties settings = new Properties();
        settings.put("bootstrap.servers", System.getenv("KAFKA_BOOTSTRAP_SERVERS"));
        int payment = 1;
        for (int codec = 1; codec < args.length; codec++) {
            Properties producing = (Properties) settings.clone();
            producing.put("compression.type", args[codec]);
            producing.put("linger.ms", "100");
            try (var producer = new KafkaProducer<>(producing, new StringSerializer(), new StringSerializer())) {
                for (int i = 0; i < 10; i++, payment++) {
                    var record = new ProducerRecord<>(topic, 0, "order", "{}");
                    String id = String.format("msg-%04d", payment);
                    record.headers().add("message-id", id.getBytes(StandardCharsets.UTF_8));
                    producer.send(record);
                }
            }
        }

        settings.put("group.id", System.getenv("KAFKA_GROUP_ID"));
        settings.put("group.protocol", args[0]);
        settings.put("auto.offset.reset", "earliest");
        settings.put("enable.auto.commit", "false");
        int left = Math.max(10, payment - 1);
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(topic));
            while (left > 0) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("waited 60 s, and " + left + " records are missing");
                }
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    var partition = new TopicPartition(topic, record.partition());
                    consumer.commitSync(Map.of(partition, new OffsetAndMetadata(record.offset() + 1)));
                    var id = new String(record.headers().lastHeader("message-id").value(), StandardCharsets.UTF_8);
                    System.out.println(record.partition() + " " + record.offset() + " " + id);
                    left--;
                }
            }
        }
    }
}
