package payments;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.stripe.StripeClient;
import com.stripe.net.RequestOptions;
import com.stripe.param.ChargeCreateParams;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * Claim first, act inside the claim: @KafkaListener, JDBC through HikariCP, and stripe-java.
 *
 * <pre>
 * Promised:      every payment is charged, and the customer is charged once.
 * Not promised:  that a frozen instance cannot hold up its successor: it holds the row lock.
 * </pre>
 */
@Component
public class PaymentListener {

    private final ObjectMapper json;
    private final JdbcTemplate db;
    private final StripeClient stripe;

    PaymentListener(ObjectMapper json, JdbcTemplate db, StripeClient stripe) {
        this.json = json;
        this.db = db;
        this.stripe = stripe;
    }

    /** The container commits the offset when this has returned, and so after COMMIT. */
    @KafkaListener(topics = "${KAFKA_TOPIC}")
    // Stripe's exceptions are checked ones, and a checked exception commits by default: the claim
    // would stay, and the payment would never be charged.
    @Transactional(rollbackFor = Exception.class)
    public void onPayment(String record) throws Exception {
        var payment = json.readValue(record, Payment.class);
        var claim = "INSERT INTO processed (msg_id) VALUES (?) ON CONFLICT DO NOTHING";
        if (db.update(claim, payment.id()) == 1) {
            charge(payment);
        }
    }

    private void charge(Payment payment) throws Exception {
        var charge = ChargeCreateParams.builder()
                .setAmount(payment.amount())
                .setCurrency(payment.currency())
                .setSource("tok_visa")
                .putMetadata("payment_id", payment.id())
                .build();
        var key = RequestOptions.builder().setIdempotencyKey(payment.id()).build();
        stripe.charges().create(charge, key);
    }
}
