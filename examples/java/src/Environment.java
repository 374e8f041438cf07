import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.StringDeserializer;

/** What the lab tells a consumer. Nothing here changes what is delivered. */
final class Environment {

    static final String TOPIC = get("KAFKA_TOPIC");

    private Environment() {}

    /** Where Kafka is and who we are. */
    static Properties kafka() {
        var config = new Properties();
        config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, get("KAFKA_BOOTSTRAP_SERVERS"));
        config.put(ConsumerConfig.GROUP_ID_CONFIG, get("KAFKA_GROUP_ID"));
        config.put(ConsumerConfig.CLIENT_ID_CONFIG, get("CONSUMER_ID"));
        config.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class);
        config.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class);
        return config;
    }

    static PaymentApi paymentApi() {
        return new PaymentApi(get("PAYMENT_API_URL"), get("PAYMENT_API_KEY"));
    }

    /**
     * Connects to {@code postgres://user:password@host:port/db?application_name=…}. JDBC takes no
     * user in its URL and has a name of its own for the application's; other parameters, sslmode
     * among them, are called the same.
     */
    static Connection database() throws SQLException {
        var url = URI.create(get("DATABASE_URL"));
        var properties = new Properties();
        var user = url.getRawUserInfo().split(":", 2);
        properties.put("user", decoded(user[0]));
        if (user.length == 2) {
            properties.put("password", decoded(user[1]));
        }
        var query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        var port = url.getPort() == -1 ? "" : ":" + url.getPort();
        return DriverManager.getConnection(
                "jdbc:postgresql://" + url.getHost() + port + url.getRawPath()
                        + query.replace("application_name=", "ApplicationName="),
                properties);
    }

    private static String decoded(String part) {
        // A form's decoder: in a URL a plus is a plus.
        return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static String get(String name) {
        var value = System.getenv(name);
        if (value == null) {
            throw new IllegalStateException("the environment has no " + name + "; the lab sets it");
        }
        return value;
    }
}
