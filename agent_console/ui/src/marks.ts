// What became of suggested answers, as the agent says it: shown at once, taken back when refused.
import { signal } from "@preact/signals";
import type { AnswerMark, Card } from "./protocol";

export interface MarkCommand {
  call: string;
  answer: string | null;
  mark: AnswerMark;
  text?: string;
}

interface Wish { call: string; answer: string; mark: AnswerMark }

export class Marks {
  /** Asked for and not yet confirmed, the latest last. */
  readonly pending = signal<readonly Wish[]>([]);

  /** `send` says whether the server took it. */
  constructor(private readonly send: (d: MarkCommand) => Promise<boolean>) {}

  /** The mark of an answer ("" for `missing`) as the agent should see it now. */
  of(card: Pick<Card, "call" | "marks">, answer: string): AnswerMark | null {
    const wished = this.pending.value.findLast((w) => w.call === card.call && w.answer === answer);
    return wished?.mark ?? card.marks.find(([id]) => id === answer)?.[1] ?? null;
  }

  /** Returns whether it was taken. */
  async put(call: string, answer: string, mark: AnswerMark, text = ""): Promise<boolean> {
    const wish: Wish = { call, answer, mark };
    this.pending.value = [...this.pending.value, wish];
    try {
      return await this.send({
        call, answer: mark === "missing" ? null : answer, mark, ...(text ? { text } : {}),
      });
    } finally {
      this.pending.value = this.pending.value.filter((one) => one !== wish);
    }
  }
}
