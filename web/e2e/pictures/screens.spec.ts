// Every screen looks as it did when somebody last looked at it and found it good (`npm run pictures:update` renews that).
import { SCREENS, visit, wordsOf } from "../helpers/screens.ts";
import { expect, SHAPES, test } from "../helpers/shown.ts";

for (const { name: shape, ...looks } of SHAPES) {
  test.describe(shape, () => {
    test.use(looks);
    for (const screen of SCREENS) {
      test(screen.name, async ({ page, stage }) => {
        await visit(page, stage, screen, wordsOf(looks.locale));
        await expect(page).toHaveScreenshot([shape, `${screen.name}.png`]);
      });
    }
  });
}
