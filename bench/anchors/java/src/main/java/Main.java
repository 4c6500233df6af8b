// The Order in Java, with Avro's generated classes. See doc.go for what this program reads and writes.

import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import shop.Order;

public class Main {
    // A row does its operation once, and returns what it encoded or decoded.
    interface Operation {
        Object run() throws Exception;
    }

    record Row(String op, Operation operation) {}

    static volatile Object result; // what no compiler may leave out

    static final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    static final SpecificDatumWriter<Order> writer = new SpecificDatumWriter<>(Order.class);
    static final SpecificDatumReader<Order> reader = new SpecificDatumReader<>(Order.class);
    static BinaryEncoder encoder;
    static BinaryDecoder decoder;

    static ByteArrayOutputStream encode(Order order, ByteArrayOutputStream out) throws Exception {
        encoder = EncoderFactory.get().binaryEncoder(out, encoder);
        writer.write(order, encoder);
        encoder.flush();
        return out;
    }

    static Order decode(byte[] datum, Order reused) throws Exception {
        decoder = DecoderFactory.get().binaryDecoder(datum, decoder);
        return reader.read(reused, decoder);
    }

    public static void main(String[] args) throws Exception {
        byte[] datum = Files.readAllBytes(Path.of(args[0]));
        Order order = decode(datum, null);
        Order reused = decode(datum, null);
        ByteArrayOutputStream buffer = new ByteArrayOutputStream(512);
        List<Row> rows = List.of(
            new Row("encode", () -> {
                buffer.reset();
                return encode(order, buffer);
            }),
            new Row("encode into a new buffer", () -> encode(order, new ByteArrayOutputStream(256)).toByteArray()),
            new Row("decode", () -> decode(datum, null)),
            new Row("decode reused", () -> decode(datum, reused)));
        for (Row row : rows) {
            System.out.println(row.op + "\tgenerated classes");
        }
        System.out.println();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null; ) {
            String[] words = line.split(" ");
            Operation operation = rows.get(Integer.parseInt(words[0])).operation;
            int runs = Integer.parseInt(words[1]);
            if (runs == 0) {
                System.out.println(HexFormat.of().formatHex(data(operation.run())));
                continue;
            }
            long start = system.getProcessCpuTime();
            for (int i = 0; i < runs; i++) {
                result = operation.run();
            }
            System.out.println(system.getProcessCpuTime() - start);
        }
    }

    static byte[] data(Object result) throws Exception {
        if (result instanceof Order order) {
            return encode(order, new ByteArrayOutputStream()).toByteArray();
        }
        return result instanceof ByteArrayOutputStream out ? out.toByteArray() : (byte[]) result;
    }
}
