package example;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.X509TrustManager;

class Cryptography {
    void ciphers() throws Exception {
        // ruleid: java-weak-cipher
        Cipher.getInstance("DES/CBC/PKCS5Padding");
        // ruleid: java-weak-cipher
        Cipher.getInstance("AES");
        // ruleid: java-weak-cipher
        Cipher.getInstance("AES/ECB/PKCS5Padding");
        // ok: java-weak-cipher
        Cipher.getInstance("AES/GCM/NoPadding");
    }

    void passwords(String password, byte[] data) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        // ruleid: java-weak-password-hash
        digest.digest(password.getBytes());
        // ok: java-weak-password-hash
        digest.digest(data);
    }

    void tokens() {
        Random random = new Random();
        SecureRandom secure = new SecureRandom();
        // ruleid: java-predictable-token
        String resetToken = "r" + random.nextInt();
        // ruleid: java-predictable-token
        double sessionId = Math.random();
        // ok: java-predictable-token
        int colour = random.nextInt(255);
        // ok: java-predictable-token
        long token = secure.nextLong();
    }

    void keys(byte[] key) {
        // ruleid: java-hardcoded-secret-key
        new SecretKeySpec("not-a-real-key!!".getBytes(), "AES");
        // ok: java-hardcoded-secret-key
        new SecretKeySpec(key, "AES");
    }
}

class TrustAll implements X509TrustManager {
    public void checkClientTrusted(X509Certificate[] chain, String type) {
        throw new IllegalStateException();
    }

    // ruleid: java-tls-verification-disabled
    public void checkServerTrusted(X509Certificate[] chain, String type) {
    }

    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}

class Checking implements X509TrustManager {
    // ok: java-tls-verification-disabled
    public void checkServerTrusted(X509Certificate[] chain, String type) {
        inner.checkServerTrusted(chain, type);
    }
}

class Names {
    void connect(HttpsURLConnection connection) {
        // ruleid: java-tls-verification-disabled
        connection.setHostnameVerifier((host, session) -> true);
        // ok: java-tls-verification-disabled
        connection.setHostnameVerifier((host, session) -> host.equals("a.example"));
    }
}
