import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as sessions from "./session";
import type { Session } from "./session";
import type { QueueAnswer, Verdict } from "./types";

const image = {
  id: 1, product_id: "NLB_1", width: 8, height: 8, display_url: "", thumbnail_url: "",
  range_mask_url: null, rover_mask_url: null, sol: 1, rover: "curiosity",
};
const facts = {
  labeler: "Guest 1", labeler_id: 7, score: 0.2, rank: 1, class_agreements: {}, ratings: 1,
  record: { labels: 3, thrown_out: 0, mean_score: 0.5, ratings: 0, mean_rating: null },
};
const FAIR: Verdict = { value: 3, reasons: ["missed"], comment: "" };

function answer(id: string): QueueAnswer {
  const label = { id, version: 1, image, polygons: [], flag: null, facts: null };
  return { label, others: [], remaining: 5, rated: 2, scored: 30, hide_record: false };
}

/** Return a session with "a" on the screen and "b" prefetched. */
function twoLabels(): Session {
  const both = sessions.arrived(sessions.arrived(sessions.FRESH, answer("a")), answer("b"));
  return sessions.counted(both, answer("b"));
}

const shown = (session: Session): string | undefined => session.current?.label.id;

describe("a review session", () => {
  it("shows the first label that arrives and keeps the next one ready", () => {
    expect(shown(twoLabels())).toBe("a");
    expect(twoLabels().ahead.map(sessions.idOf)).toEqual(["b"]);
    expect(twoLabels().hideRecord).toBe(false);
  });

  it("learns what could have led a rating when the server has it", () => {
    const rated = sessions.rate(twoLabels(), FAIR);
    expect(rated.done.map((each) => each.facts)).toEqual([null]);
    expect(sessions.told(rated, "a", facts).done.map((each) => each.facts)).toEqual([facts]);
    expect(sessions.told(rated, "b", facts)).toEqual(rated);
  });

  it("does not take the same label twice", () => {
    expect(sessions.arrived(twoLabels(), answer("a")).ahead).toHaveLength(1);
  });

  it("learns the counts when nothing is left", () => {
    const nothing = { label: null, remaining: 0, rated: 7, scored: 9 };
    const empty = sessions.counted(sessions.arrived(sessions.FRESH, nothing), nothing);
    expect(empty).toMatchObject({ current: null, rated: 7, remaining: 0, scored: 9 });
  });

  it("goes on to the next label at once after a rating", () => {
    const rated = sessions.rate(twoLabels(), FAIR);
    expect(shown(rated)).toBe("b");
    expect(rated).toMatchObject({ rated: 3, remaining: 4, done: [{ verdict: FAIR }] });
  });

  it("asks the server for none of the labels it has, sends or has just skipped", () => {
    const rated = sessions.rate(twoLabels(), FAIR);
    expect(sessions.notToOffer(rated, ["a"]).sort()).toEqual(["a", "b"]);
    expect(sessions.notToOffer(rated, [])).toEqual(["b"]);
    expect(sessions.notToOffer(sessions.skip(twoLabels()), []).sort()).toEqual(["a", "b"]);
    expect(sessions.notToOffer(sessions.unskip(sessions.skip(twoLabels())), [])).toEqual(["b"]);
  });

  it("keeps the list of skipped labels short enough for an address", () => {
    const many = { ...twoLabels(), skipped: Array.from({ length: 500 }, (_, n) => `skipped-${n}`) };
    const left = sessions.notToOffer(many, []);
    expect(left.length).toBeLessThan(100);
    expect(left).toContain("skipped-499");
  });

  it("cannot rate or skip where nothing is shown", () => {
    expect(sessions.rate(sessions.FRESH, FAIR)).toBe(sessions.FRESH);
    expect(sessions.skip(sessions.FRESH)).toBe(sessions.FRESH);
  });

  it("takes ratings back one after the other, each in front of the label that followed it", () => {
    const both = sessions.rate(sessions.rate(twoLabels(), FAIR), { ...FAIR, value: 1 });
    expect(shown(both)).toBeUndefined();
    expect(shown(sessions.takeBack(both))).toBe("b");
    expect(sessions.takeBack(sessions.takeBack(both))).toEqual(twoLabels());
    expect(sessions.takeBack(twoLabels())).toEqual(twoLabels());
  });

  it("has nothing to undo of a rating that was refused", () => {
    const back = sessions.refused(sessions.rate(twoLabels(), FAIR), "a");
    expect(back).toMatchObject({ done: [], rated: 2 });
    expect(shown(back)).toBe("b");
    expect(sessions.refused(back, "a")).toBe(back);
  });

  it("lets go of what another reviewer has now", () => {
    expect(shown(sessions.lose(twoLabels(), ["a"]))).toBe("b");
    expect(sessions.held(sessions.lose(twoLabels(), ["b"]))).toEqual(["a"]);
    expect(sessions.held(sessions.lose(twoLabels(), ["a", "b"]))).toEqual([]);
  });

  it("shows a flag and takes it away", () => {
    const flagged = sessions.flag(twoLabels(), { reviewer: "rita", note: "Sand?" });
    expect(flagged.current?.label.flag?.note).toBe("Sand?");
    expect(sessions.flag(flagged, null)).toEqual(twoLabels());
  });

  it("never shows a label twice, and never loses one but by rating or skipping it", () => {
    const step = fc.constantFrom("arrive", "rate", "skip", "undo");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let session = sessions.FRESH;
        const arrived: string[] = [];
        for (const name of steps) {
          if (name === "arrive") {
            arrived.push(String(arrived.length));
            session = sessions.arrived(session, answer(arrived.at(-1)!));
          } else if (name === "rate") session = sessions.rate(session, FAIR);
          else if (name === "skip") session = sessions.skip(session);
          else session = sessions.takeBack(session);
        }
        const rated = session.done.map(({ candidate }) => sessions.idOf(candidate));
        const all = [...sessions.held(session), ...rated, ...session.skipped];
        expect([...all].sort()).toEqual([...arrived].sort());
      }),
    );
  });
});
