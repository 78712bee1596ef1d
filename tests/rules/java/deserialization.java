package example;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.io.ObjectInputStream;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;

class Reading {
    Object read(InputStream data) throws Exception {
        ObjectInputStream stream = new ObjectInputStream(data);
        // ruleid: java-unsafe-deserialization
        return stream.readObject();
    }

    Object readFiltered(InputStream data) throws Exception {
        ObjectInputStream stream = new ObjectInputStream(data);
        stream.setObjectInputFilter(filter);
        // ok: java-unsafe-deserialization
        return stream.readObject();
    }

    Object readJson(InputStream data) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        // ok: java-unsafe-deserialization
        return mapper.readValue(data, Item.class);
    }

    DocumentBuilder open() throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        // ruleid: java-xml-external-entities
        return factory.newDocumentBuilder();
    }

    DocumentBuilder closed() throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        // ok: java-xml-external-entities
        return factory.newDocumentBuilder();
    }
}
