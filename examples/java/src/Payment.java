import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/** The message: one payment. The id is the same in every delivery of it, whatever the offset. */
record Payment(String id, @JsonProperty("order_id") String orderId, long amount, String currency) {

    private static final ObjectMapper JSON = new ObjectMapper();

    static Payment fromJson(String json) throws JsonProcessingException {
        return JSON.readValue(json, Payment.class);
    }
}
