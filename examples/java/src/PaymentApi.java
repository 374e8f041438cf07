import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;

/** A client of a Stripe-compatible payment API. It never retries: java.net.http repeats no POST. */
final class PaymentApi {

    // HTTP/1.1: the default asks every plain-text server for an upgrade to HTTP/2 first.
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI charges;
    private final String apiKey;

    PaymentApi(String url, String apiKey) {
        this.charges = URI.create(url).resolve("/v1/charges");
        this.apiKey = apiKey;
    }

    /** Charges without a key: every call is a charge. */
    void charge(Payment payment) throws IOException, InterruptedException {
        send(request(payment).build());
    }

    /** The provider executes a key once, and answers it with the same charge afterwards. */
    void charge(Payment payment, String idempotencyKey) throws IOException, InterruptedException {
        send(request(payment).header("Idempotency-Key", idempotencyKey).build());
    }

    private HttpRequest.Builder request(Payment payment) {
        var body = "amount=" + payment.amount()
                + "&currency=" + payment.currency()
                + "&source=tok_visa"
                + "&metadata[payment_id]=" + URLEncoder.encode(payment.id(), StandardCharsets.UTF_8);
        return HttpRequest.newBuilder(charges)
                .header("Authorization", "Bearer " + apiKey)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(body));
    }

    private void send(HttpRequest request) throws IOException, InterruptedException {
        var response = http.send(request, BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException(charges + " answered " + response.statusCode() + ": " + response.body());
        }
    }
}
