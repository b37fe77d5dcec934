import { CPU1 } from "cpu1";
import "cpu1/cpu1-demo.js";

const place = document.getElementById("text");
try {
  place.textContent = "Ownership is";
  const model = await CPU1.load("embedded");
  for await (const { text } of model.generate("Ownership is", { maxBytes: 200, seed: 7 })) place.append(text);
  model.dispose();
} catch (error) {
  place.textContent = error.message;
}
