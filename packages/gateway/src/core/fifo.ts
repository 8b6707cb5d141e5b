/** A place in a Fifo; whoever holds it can leave the queue. */
export interface FifoNode<T> {
  readonly value: T;
  previous: FifoNode<T> | undefined;
  next: FifoNode<T> | undefined;
  queued: boolean;
}

/** First in, first out, with removal from anywhere in constant time: of 10,000 that wait, any may leave. */
export class Fifo<T> {
  #first: FifoNode<T> | undefined;
  #last: FifoNode<T> | undefined;
  #length = 0;

  get first(): T | undefined {
    return this.#first?.value;
  }

  get length(): number {
    return this.#length;
  }

  push(value: T): FifoNode<T> {
    const node: FifoNode<T> = { value, previous: this.#last, next: undefined, queued: true };
    if (this.#last) this.#last.next = node;
    else this.#first = node;
    this.#last = node;
    this.#length++;
    return node;
  }

  /** Puts one back that was already at its turn. */
  unshift(value: T): FifoNode<T> {
    const node: FifoNode<T> = { value, previous: undefined, next: this.#first, queued: true };
    if (this.#first) this.#first.previous = node;
    else this.#last = node;
    this.#first = node;
    this.#length++;
    return node;
  }

  shift(): T | undefined {
    const node = this.#first;
    if (!node) return undefined;
    this.remove(node);
    return node.value;
  }

  /** The list does not change with the queue. */
  all(): T[] {
    const values: T[] = [];
    for (let node = this.#first; node; node = node.next) values.push(node.value);
    return values;
  }

  /** Removing a node that has left already does nothing. */
  remove(node: FifoNode<T>): void {
    if (!node.queued) return;
    node.queued = false;
    if (node.previous) node.previous.next = node.next;
    else this.#first = node.next;
    if (node.next) node.next.previous = node.previous;
    else this.#last = node.previous;
    node.previous = node.next = undefined;
    this.#length--;
  }
}
