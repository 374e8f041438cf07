package payments;

import com.stripe.StripeClient;
import com.zaxxer.hikari.HikariDataSource;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.util.backoff.FixedBackOff;

/** What the listener stands on; application.properties has the rest. */
@SpringBootApplication
public class Application {

    public static void main(String[] args) {
        SpringApplication.run(Application.class, args);
    }

    /**
     * A failed payment is tried again for as long as it takes. The default gives up after ten
     * attempts, without a pause between them, logs the record and commits past it.
     */
    @Bean
    DefaultErrorHandler errorHandler() {
        return new DefaultErrorHandler(new FixedBackOff(200, FixedBackOff.UNLIMITED_ATTEMPTS));
    }

    @Bean
    StripeClient stripe(
            @Value("${PAYMENT_API_URL}") String url, @Value("${PAYMENT_API_KEY}") String key) {
        return StripeClient.builder()
                .setApiBase(url)
                .setApiKey(key)
                // The error handler repeats, and the repetition has the same key.
                .setMaxNetworkRetries(0)
                .build();
    }

    /**
     * The pool of connections to {@code postgres://user:password@host:port/db?application_name=…}.
     * JDBC takes no user in its URL and has a name of its own for the application's.
     */
    @Bean
    @ConfigurationProperties("spring.datasource.hikari")
    HikariDataSource dataSource(@Value("${DATABASE_URL}") URI url) {
        var user = url.getRawUserInfo().split(":", 2);
        var query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        var port = url.getPort() == -1 ? "" : ":" + url.getPort();
        var pool = new HikariDataSource();
        pool.setJdbcUrl("jdbc:postgresql://" + url.getHost() + port + url.getRawPath()
                + query.replace("application_name=", "ApplicationName="));
        pool.setUsername(decoded(user[0]));
        if (user.length == 2) {
            pool.setPassword(decoded(user[1]));
        }
        return pool;
    }

    private static String decoded(String part) {
        // A form's decoder: in a URL a plus is a plus.
        return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
