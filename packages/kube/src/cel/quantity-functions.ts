import type { Environment } from "@marcbachmann/cel-js";
import { isQuantity, quantityValue } from "../quantity.ts";

class Quantity {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

function read(text: string): Quantity {
  return new Quantity(quantityValue(text));
}

function whole(value: number): boolean {
  return Number.isSafeInteger(value);
}

/** k8s.io/apiserver pkg/cel/library/quantity.go, on numbers of 15 digits. */
export function registerQuantities(env: Environment): void {
  env.registerType("Quantity", Quantity);
  env.registerFunction("isQuantity(string): bool", isQuantity);
  env.registerFunction("quantity(string): Quantity", read);
  env.registerFunction("Quantity.sign(): int", (a: Quantity) => BigInt(Math.sign(a.value)));
  env.registerFunction("Quantity.isInteger(): bool", (a: Quantity) => whole(a.value));
  env.registerFunction("Quantity.asInteger(): int", (a: Quantity) => {
    if (!whole(a.value)) throw new Error("cannot convert value to integer");
    return BigInt(a.value);
  });
  env.registerFunction("Quantity.asApproximateFloat(): double", (a: Quantity) => a.value);
  env.registerFunction("Quantity.add(Quantity): Quantity", (a: Quantity, b: Quantity) => new Quantity(a.value + b.value));
  env.registerFunction("Quantity.add(int): Quantity", (a: Quantity, b: bigint) => new Quantity(a.value + Number(b)));
  env.registerFunction("Quantity.sub(Quantity): Quantity", (a: Quantity, b: Quantity) => new Quantity(a.value - b.value));
  env.registerFunction("Quantity.sub(int): Quantity", (a: Quantity, b: bigint) => new Quantity(a.value - Number(b)));
  env.registerFunction("Quantity.isLessThan(Quantity): bool", (a: Quantity, b: Quantity) => a.value < b.value);
  env.registerFunction("Quantity.isGreaterThan(Quantity): bool", (a: Quantity, b: Quantity) => a.value > b.value);
  env.registerFunction("Quantity.compareTo(Quantity): int", (a: Quantity, b: Quantity) => BigInt(Math.sign(a.value - b.value)));
  env.registerOperator("Quantity == Quantity", (a: Quantity, b: Quantity) => a.value === b.value);
}
