package payments;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The message: one payment. The id is the same in every delivery of it, whatever the offset. */
record Payment(String id, @JsonProperty("order_id") String orderId, long amount, String currency) {}
