package example.invoices;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Random;
import javax.crypto.Cipher;

/** Passwords of customers, and the tokens that stand in for them. */
final class Passwords {
    private Passwords() {}

    static byte[] hash(String password) throws GeneralSecurityException {
        MessageDigest digest = MessageDigest.getInstance("MD5");
        return digest.digest(password.getBytes(StandardCharsets.UTF_8));
    }

    static String resetToken() {
        Random random = new Random();
        String token = Long.toHexString(random.nextLong());
        return token;
    }

    static String sessionToken() {
        byte[] drawn = new byte[32];
        new SecureRandom().nextBytes(drawn);
        String token = HexFormat.of().formatHex(drawn);
        return token;
    }

    static Cipher oldArchive() throws GeneralSecurityException {
        return Cipher.getInstance("DESede/CBC/PKCS5Padding"); // nosemgrep: java-weak-cipher
    }

    static Cipher archive() throws GeneralSecurityException {
        return Cipher.getInstance("AES/GCM/NoPadding");
    }
}
