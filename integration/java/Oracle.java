import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.file.SeekableByteArrayInput;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.io.JsonEncoder;
import org.apache.avro.message.BinaryMessageEncoder;

/**
 * Says what Apache Avro for Java makes of schemas and data. It listens on a port
 * of 127.0.0.1, which it prints; on each connection, every line is a question in
 * JSON, {"op": ..., ...}, and is answered by a line. Bytes are hexadecimal.
 */
public class Oracle {
  static final ObjectMapper JSON = new ObjectMapper();
  static final HexFormat HEX = HexFormat.of();

  public static void main(String[] args) throws IOException {
    ServerSocket server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    System.out.println("listening on " + server.getLocalPort());
    while (true) {
      Socket connection = server.accept();
      new Thread(() -> serve(connection)).start();
    }
  }

  static void serve(Socket connection) {
    try (connection) {
      var in = new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8));
      var out = new OutputStreamWriter(connection.getOutputStream(), StandardCharsets.UTF_8);
      for (String line; (line = in.readLine()) != null; ) {
        out.write(JSON.writeValueAsString(answer(JSON.readTree(line))) + "\n");
        if (!in.ready()) {
          out.flush();
        }
      }
    } catch (IOException e) {
      e.printStackTrace();
    }
  }

  static ObjectNode answer(JsonNode question) {
    ObjectNode out = JSON.createObjectNode();
    String op = question.get("op").asText();
    step(out, "error", () -> {
      switch (op) {
        case "pair" -> pair(question, out);
        case "parse" -> describe(parse(question, "schema"), out);
        case "json" -> out.put("hex", HEX.formatHex(encode(parse(question, "schema"), fromJSON(parse(question, "schema"), text(question, "text")))));
        case "decode" -> {
          Schema s = parse(question, "schema");
          out.put("hex", HEX.formatHex(encode(s, decode(s, s, bytes(question, "datum")))));
        }
        case "writeFile" -> out.put("file", writeFile(question));
        case "readFile" -> readFile(question, out);
        default -> throw new IllegalArgumentException(op);
      }
    });
    return out;
  }

  /** A writer's schema, a reader's and a datum: everything there is to say of them. */
  static void pair(JsonNode question, ObjectNode out) throws Exception {
    Schema writer = parse(question, "writer");
    Schema reader = parse(question, "reader");
    describe(writer, out.putObject("writer"));
    describe(reader, out.putObject("reader"));
    step(out, "compatError", () -> {
      ArrayNode reasons = out.putArray("reasons");
      for (var i : SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getResult().getIncompatibilities()) {
        reasons.addObject().put("kind", i.getType().toString()).put("path", i.getLocation()).put("message", i.getMessage());
      }
    });
    byte[] datum = bytes(question, "datum");
    step(out, "decodeError", () -> {
      Object value = decode(writer, writer, datum);
      out.put("hex", HEX.formatHex(encode(writer, value)));
      byte[] single = new BinaryMessageEncoder<>(GenericData.get(), writer).encode(value).array();
      out.put("single", HEX.formatHex(single));
    });
    step(out, "jsonError", () -> out.put("json", toJSON(writer, decode(writer, writer, datum))));
    step(out, "fromJSONError", () -> out.put("fromJSON", HEX.formatHex(encode(writer, fromJSON(writer, text(question, "json"))))));
    step(out, "resolveError", () -> out.put("resolved", HEX.formatHex(encode(reader, decode(writer, reader, datum)))));
  }

  static void describe(Schema s, ObjectNode out) throws Exception {
    out.put("text", s.toString());
    out.put("canonical", SchemaNormalization.toParsingForm(s));
    out.put("crc64", HEX.toHexDigits(SchemaNormalization.parsingFingerprint64(s)));
    out.put("md5", HEX.formatHex(SchemaNormalization.parsingFingerprint("MD5", s)));
    out.put("sha256", HEX.formatHex(SchemaNormalization.parsingFingerprint("SHA-256", s)));
  }

  static Schema parse(JsonNode question, String name) {
    return new Schema.Parser().parse(text(question, name));
  }

  /** Generic data whose maps keep their order. */
  static final GenericData DATA = new GenericData() {
    @Override
    public Object newMap(Object old, int size) {
      return new LinkedHashMap<>();
    }
  };

  static GenericDatumReader<Object> reader(Schema writer, Schema reader) {
    return new GenericDatumReader<>(writer, reader, DATA);
  }

  static Object decode(Schema writer, Schema reader, byte[] datum) throws IOException {
    BinaryDecoder in = DecoderFactory.get().binaryDecoder(datum, null);
    Object value = reader(writer, reader).read(null, in);
    if (!in.isEnd()) {
      throw new IOException("trailing bytes");
    }
    return value;
  }

  static byte[] encode(Schema s, Object value) throws IOException {
    var out = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    new GenericDatumWriter<>(s).write(value, encoder);
    encoder.flush();
    return out.toByteArray();
  }

  static Object fromJSON(Schema s, String text) throws IOException {
    return reader(s, s).read(null, DecoderFactory.get().jsonDecoder(s, text));
  }

  static String toJSON(Schema s, Object value) throws IOException {
    var out = new ByteArrayOutputStream();
    JsonEncoder encoder = EncoderFactory.get().jsonEncoder(s, out);
    new GenericDatumWriter<>(s).write(value, encoder);
    encoder.flush();
    return out.toString(StandardCharsets.UTF_8);
  }

  static String writeFile(JsonNode question) throws IOException {
    Schema s = parse(question, "schema");
    var out = new ByteArrayOutputStream();
    try (var file = new DataFileWriter<>(new GenericDatumWriter<>(s)).setCodec(CodecFactory.fromString(text(question, "codec"))).create(s, out)) {
      for (JsonNode datum : question.get("data")) {
        file.append(decode(s, s, HEX.parseHex(datum.asText())));
      }
    }
    return Base64.getEncoder().encodeToString(out.toByteArray());
  }

  static void readFile(JsonNode question, ObjectNode out) throws IOException {
    byte[] file = Base64.getDecoder().decode(text(question, "file"));
    try (var in = new DataFileReader<Object>(new SeekableByteArrayInput(file), reader(null, null))) {
      out.put("text", in.getSchema().toString());
      ArrayNode data = out.putArray("data");
      for (Object value : in) {
        data.add(HEX.formatHex(encode(in.getSchema(), value)));
      }
    }
  }

  static String text(JsonNode question, String name) {
    return question.get(name).asText();
  }

  static byte[] bytes(JsonNode question, String name) {
    return HEX.parseHex(text(question, name));
  }

  interface Step {
    void run() throws Exception;
  }

  /** Runs a step, and puts down what it throws. */
  static void step(ObjectNode out, String name, Step step) {
    try {
      step.run();
    } catch (Exception | StackOverflowError e) {
      out.put(name, e.getClass().getSimpleName() + ": " + e.getMessage());
    }
  }
}
